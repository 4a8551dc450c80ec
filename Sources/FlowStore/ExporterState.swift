import FlowModel

/// What the decoder of exports wants to find again after a restart: its templates, above all.
///
///     DIR/EXPORTERS   "SKEX" version:4 checksum:4 octets…
///
/// The octets are the decoder's own; the store only keeps them safe. To lose them costs no flow that is
/// stored, so a file that is missing or damaged is the same as none.
public enum ExporterState {
    static let head: [UInt8] = Array("SKEX".utf8) + [1, 0, 0, 0]

    /// What is stored in the store at `path`, also while it is being written to; nil where there is
    /// nothing, or it is damaged.
    public static func read(store path: String) throws(StoreError) -> [UInt8]? {
        try read(StoreDirectory(path: path))
    }

    static func read(_ directory: StoreDirectory) throws(StoreError) -> [UInt8]? {
        guard try StoreDirectory.exists(directory.exporters) else { return nil }
        let file = try Descriptor(directory.exporters, .reading)
        let octets = try file.read(Int(clamping: try file.length()), at: 0)
        let start = head.count + 4
        guard octets.count >= start, octets.starts(with: head) else { return nil }
        var reader = ByteReader(octets, head.count..<start)
        let state = Array(octets[start...])
        guard let expected = try? reader.next(UInt32.self),
            unsafe checksum(state.span.bytes) == expected
        else { return nil }
        return state
    }

    /// Stores it in the place of what was stored before.
    static func replace(_ directory: StoreDirectory, with state: [UInt8]) throws(StoreError) {
        var octets: [UInt8] = []
        octets.reserveCapacity(head.count + 4 + state.count)
        octets += head
        unsafe octets.put(checksum(state.span.bytes))
        octets += state
        try unsafe directory.replace(directory.exporters, with: octets.span.bytes)
        try directory.synchronize()
    }
}
