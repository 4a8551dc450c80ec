import FlowModel

/// The extension maps of a file of nfdump 1.6, and the layouts of the flows that name them.
///
///     map    type:16 size:16 number:16 extensionOctets:16 { extension:16 } … 0
///     flow   type:16 size:16 flags:8 … map:16 …, see `NfdumpRecord1`
struct NfdumpExtensionMaps {
    /// What makes the layout of a flow.
    private struct Key: Hashable {
        var map: UInt16
        var flags: UInt8
        var type: UInt16
    }

    /// How to make rows of the flows of one kind.
    struct Entry {
        /// The layout's number.
        var number: Int
        /// Octets of a record at least.
        var octets: Int
        /// Extensions that are left out.
        var unknown: UInt64
    }

    /// What becomes of a flow.
    enum Answer {
        case layout(Entry)
        case mapMissing
        case tooShort
    }

    private var maps: [UInt16: [UInt16]] = [:]
    private var layouts: [Key: Entry] = [:]
    private var last: (key: Key, entry: Entry)?

    /// Extensions that a map names at most; more than there are is damage.
    private static let extensionsMax = 256

    /// Enters a map; false where the record is none.
    mutating func enter(_ record: RawSpan) -> Bool {
        guard record.byteCount >= 8 else { return false }
        let number = record.little16(at: 4)
        var extensions: [UInt16] = []
        for offset in stride(from: 8, to: record.byteCount - 1, by: 2) {
            let type = record.little16(at: offset)
            guard type != 0 else { break }
            guard extensions.count < Self.extensionsMax else { return false }
            extensions.append(type)
        }
        guard maps[number] != extensions else { return true }
        maps[number] = extensions
        layouts = layouts.filter { $0.key.map != number }
        last = nil
        return true
    }

    /// The layout of a flow's record.
    mutating func layout(
        of record: RawSpan, _ type: NfdumpRecordType, enter: (RecordLayout) -> Int
    ) -> Answer {
        guard record.byteCount >= NfdumpRecord1.octets(type) else { return .tooShort }
        let key = Key(
            map: record.little16(at: 6),
            flags: record.octet(at: 4) & NfdumpRecord1.flagsUsed, type: type.rawValue)
        if let last, last.key == key { return answer(last.entry, record) }
        if let entry = layouts[key] {
            last = (key, entry)
            return answer(entry, record)
        }
        guard let extensions = maps[key.map] else { return .mapMissing }
        var builder = NfdumpLayoutBuilder1(type: type, flags: key.flags)
        for type in extensions where !builder.add(type) { break }
        let entry = Entry(
            number: enter(builder.layout()), octets: builder.octets, unknown: builder.unknown)
        layouts[key] = entry
        last = (key, entry)
        return answer(entry, record)
    }

    mutating func forgetLayouts() {
        layouts.removeAll()
        last = nil
    }

    private func answer(_ entry: Entry, _ record: RawSpan) -> Answer {
        record.byteCount < entry.octets ? .tooShort : .layout(entry)
    }
}
