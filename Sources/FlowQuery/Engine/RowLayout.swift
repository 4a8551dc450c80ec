import FlowModel
import FlowStore

/// Where the parts of a row's record lie, on its way through a sort.
///
///     0   key, lower 64 bits
///     8   [ no value: 1 | position: 63 ]
///     16  key, upper 64 bits        only where addresses are sorted by
///         presence, a bit a column
///         columns, as wide as their values
///         place and length of the elements, 8 + 4    only where they are put out
///
/// In a file the octets of the elements follow the record.
struct RowLayout: Sendable {
    enum Part: Sendable {
        case number(width: Int, at: Int)
        case address(at: Int)
        case elements
    }

    /// The columns.
    let parts: [Part]
    /// Whether keys have an upper half.
    let hasHigh: Bool
    /// Where the presence bits lie.
    let presence: Int
    /// Where the place and length of the elements lie; nil where there are none.
    let elements: Int?
    /// Octets of a record without its elements.
    let stride: Int

    /// Octets beyond the last record that a buffer must have.
    static let spare = 8

    /// What a column holds.
    enum Kind {
        case number(width: Int)
        case address
        case elements
    }

    /// A layout of output columns.
    init(_ outputs: [FlowOutput], sortedBy quantity: Quantity?) {
        let hasHigh: Bool
        if case .field(let field) = quantity {
            hasHigh = field.storage == .address
        } else {
            hasHigh = false
        }
        self.init(outputs.map(\.kind), hasHigh: hasHigh)
    }

    init(_ kinds: [Kind], hasHigh: Bool) {
        self.hasHigh = hasHigh
        presence = hasHigh ? 24 : 16
        var end = presence + (kinds.count + 7) / 8
        var hasElements = false
        var parts: [Part] = []
        for kind in kinds {
            switch kind {
            case .number(let width):
                parts.append(.number(width: width, at: end))
                end += width
            case .address:
                parts.append(.address(at: end))
                end += 16
            case .elements:
                parts.append(.elements)
                hasElements = true
            }
        }
        self.parts = parts
        elements = hasElements ? end : nil
        stride = end + (hasElements ? 12 : 0)
    }

    /// The rank of the record at a place.
    @inline(__always)
    func rank(_ buffer: RecordBuffer, at offset: Int) -> FlowRank {
        let position = buffer.number(8, at: offset + 8)
        return FlowRank(
            isAbsent: position >> 63, high: hasHigh ? buffer.number(8, at: offset + 16) : 0,
            low: buffer.number(8, at: offset), position: position & ~(1 << 63))
    }

    func store(_ rank: FlowRank, _ buffer: RecordBuffer, at offset: Int) {
        buffer.store(rank.low, 8, at: offset)
        buffer.store(rank.isAbsent << 63 | rank.position, 8, at: offset + 8)
        if hasHigh { buffer.store(rank.high, 8, at: offset + 16) }
    }

    /// Octets of the elements of the record at a place.
    @inline(__always)
    func elementOctets(_ buffer: RecordBuffer, at offset: Int) -> Int {
        elements.map { Int(buffer.number(4, at: offset + $0 + 8)) } ?? 0
    }

    /// The cells of a record.
    ///
    /// - Parameter blob: the octets of its elements.
    func cells(_ buffer: RecordBuffer, at offset: Int, blob: RawSpan) -> [Cell] {
        var cells: [Cell] = []
        cells.reserveCapacity(parts.count)
        for (index, part) in parts.enumerated() {
            let bits = buffer.number(1, at: offset + presence + index >> 3)
            guard bits >> UInt64(index & 7) & 1 != 0 else {
                cells.append(.null)
                continue
            }
            switch part {
            case .number(let width, let place):
                cells.append(.number(buffer.number(width, at: offset + place)))
            case .address(let place):
                cells.append(
                    .address(
                        IPAddress(
                            high: buffer.number(8, at: offset + place),
                            low: buffer.number(8, at: offset + place + 8))))
            case .elements: cells.append(.elements(ElementOctets.read(blob)))
            }
        }
        return cells
    }
}

extension FlowOutput {
    /// What the column holds.
    fileprivate var kind: RowLayout.Kind {
        switch self {
        case .other, .quantity(.field(.other)): .elements
        case .quantity(.field(let field)) where field.storage == .address: .address
        case .quantity(.field(let field)) where !field.isCounter:
            .number(width: field.storage?.width ?? 8)
        case .quantity: .number(width: 8)
        }
    }
}

/// Elements as octets: of each enterprise 4, number 2, length 2, octets 4 and as many.
enum ElementOctets {
    /// Appends a row's elements.
    static func write(_ elements: [OtherElements.Named], to octets: inout [UInt8]) {
        func put(_ value: UInt32, _ width: Int) {
            for shift in 0..<width {
                octets.append(UInt8(truncatingIfNeeded: value >> (8 * shift)))
            }
        }
        for named in elements {
            put(named.element.enterprise, 4)
            put(UInt32(named.element.id), 2)
            put(UInt32(named.element.length), 2)
            put(UInt32(named.octets.count), 4)
            octets += named.octets
        }
    }

    /// Reads them again.
    static func read(_ octets: RawSpan) -> [OtherElements.Named] {
        var elements: [OtherElements.Named] = []
        var place = 0
        func number(_ width: Int) -> UInt32 {
            var value: UInt32 = 0
            for shift in 0..<width {
                value |=
                    unsafe UInt32(octets.unsafeLoad(fromByteOffset: place + shift, as: UInt8.self))
                    << (8 * shift)
            }
            place += width
            return value
        }
        while place + 12 <= octets.byteCount {
            let element = OtherElement(
                enterprise: number(4), id: UInt16(truncatingIfNeeded: number(2)),
                length: UInt16(truncatingIfNeeded: number(2)))
            let count = Int(number(4))
            precondition(count <= octets.byteCount - place)
            let value = unsafe octets.extracting(place..<(place + count)).withUnsafeBytes {
                unsafe Array($0)
            }
            place += count
            elements.append(OtherElements.Named(element: element, octets: value))
        }
        return elements
    }
}
