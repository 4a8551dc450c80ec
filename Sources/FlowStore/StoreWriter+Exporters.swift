import FlowModel

/// What the decoder of exports wants to find again after a restart: its templates, above all.
///
///     DIR/EXPORTERS   "SKEX" version:4 checksum:4 octets…
///
/// The octets are the decoder's own; the store only keeps them safe. To lose them costs no flow that is
/// stored, so a file that is missing or damaged is the same as none.
extension StoreDirectory {
    private static var head: [UInt8] { Array("SKEX".utf8) + [1, 0, 0, 0] }

    func exporterState() throws(StoreError) -> [UInt8]? {
        guard try StoreDirectory.exists(exporters) else { return nil }
        let file = try Descriptor(exporters, .reading)
        let octets = try file.read(Int(clamping: try file.length()), at: 0)
        let start = Self.head.count + 4
        guard octets.count >= start, octets.starts(with: Self.head) else { return nil }
        var reader = ByteReader(octets, Self.head.count..<start)
        let state = Array(octets[start...])
        guard let expected = try? reader.next(UInt32.self),
            unsafe checksum(state.span.bytes) == expected
        else { return nil }
        return state
    }

    func replaceExporterState(_ state: [UInt8]) throws(StoreError) {
        var octets = Self.head
        unsafe octets.put(checksum(state.span.bytes))
        octets += state
        try unsafe replace(exporters, with: octets.span.bytes)
        try synchronize()
    }
}

extension StoreWriter {
    /// What ``replaceExporterState(_:)`` stored last; nil where there is nothing, or it is damaged.
    public func exporterState() throws(StoreError) -> [UInt8]? { try directory.exporterState() }

    /// Stores what the decoder knows of exporters in the place of what was stored before.
    public func replaceExporterState(_ state: [UInt8]) throws(StoreError) {
        try checkOpen()
        try directory.replaceExporterState(state)
    }
}

extension LiveWriter {
    /// What ``replaceExporterState(_:)`` stored last; nil where there is nothing, or it is damaged.
    public func exporterState() throws(StoreError) -> [UInt8]? { try directory.exporterState() }

    /// Stores what the decoder knows of exporters in the place of what was stored before.
    ///
    /// By one thread at a time; others may append meanwhile.
    public func replaceExporterState(_ state: [UInt8]) throws(StoreError) {
        try directory.replaceExporterState(state)
    }
}
