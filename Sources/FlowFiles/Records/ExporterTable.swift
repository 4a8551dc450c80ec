import FlowModel

/// The exporters that a file names by number.
struct ExporterTable {
    /// Who it is.
    struct Entry: Hashable {
        var address: IPAddress
        var domain: UInt32
        var version: UInt32
    }

    private var entries: [Entry?] = []
    private var known: Set<Entry> = []

    /// Distinct exporters.
    var count: Int { known.count }

    /// The exporter of that number.
    subscript(number: UInt16) -> Entry? {
        Int(number) < entries.count ? entries[Int(number)] : nil
    }

    /// Enters an exporter; a number that was entered before now means this one.
    mutating func enter(_ entry: Entry, as number: UInt16) {
        let missing = Int(number) + 1 - entries.count
        if missing > 0 { entries.append(contentsOf: repeatElement(nil, count: missing)) }
        entries[Int(number)] = entry
        // There are no more numbers than these, whatever a file says how often.
        if known.count < 65_536 { known.insert(entry) }
    }
}

/// The address or domain of the exporter whose number each record has; rows of unknown ones stay.
func scatterExporters<Source: StoredUnsigned>(
    _: Source.Type, _ records: borrowing FieldScatter, at field: Int, exporters: ExporterTable,
    domain: Bool, to column: ColumnWriter
) {
    precondition(field >= 0 && field + 2 <= records.recordOctets && Source.octets == 2)
    var lastNumber = UInt16.max
    var last = exporters[lastNumber]
    for index in 0..<records.count {
        let number = UInt16(
            truncatingIfNeeded: Source.load(
                records.bytes, unchecked: records.offset(index) &+ field))
        if number != lastNumber {
            lastNumber = number
            last = exporters[number]
        }
        guard let last else { continue }
        if domain {
            column.set(UInt64(last.domain), at: records.row(index))
        } else {
            column.set(last.address, at: records.row(index))
        }
    }
}
