extension StoreWriter {
    /// What ``replaceExporterState(_:)`` stored last; nil where there is nothing, or it is damaged.
    public func exporterState() throws(StoreError) -> [UInt8]? {
        try ExporterState.read(directory)
    }

    /// Stores what the decoder knows of exporters in the place of what was stored before.
    ///
    /// Where another process holds the store that gets it, and takes over what it does not know.
    public func replaceExporterState(_ state: [UInt8]) throws(StoreError) {
        try checkOpen()
        switch hold {
        case .own: try ExporterState.replace(directory, with: state)
        case .lent(let ticket): try ticket.hand(exporters: state)
        }
    }
}

extension LiveWriter {
    /// What ``replaceExporterState(_:)`` stored last; nil where there is nothing, or it is damaged.
    public func exporterState() throws(StoreError) -> [UInt8]? {
        try ExporterState.read(directory)
    }

    /// Stores what the decoder knows of exporters in the place of what was stored before.
    ///
    /// By one thread at a time; others may append meanwhile.
    public func replaceExporterState(_ state: [UInt8]) throws(StoreError) {
        try ExporterState.replace(directory, with: state)
    }
}
