import FlowModel
import FlowStore
import Synchronization

/// What decoding learns of exporters, on its way to the store: their rates and templates; and what imports
/// learn of them, on its way to decoding.
///
/// Never shed: it waits here until the store takes it.
final class ExporterNotes: Sendable {
    /// Templates of an earlier run.
    let restored: [UInt8]?

    private struct Pending {
        var rates: [SamplingRate] = []
        var templates: [UInt8]?
        /// What imports have learned, on its way to the decoder.
        var learned: [[UInt8]] = []
    }
    private let pending = Mutex(Pending())

    init(restored: [UInt8]?) { self.restored = restored }

    func announce(_ rates: [SamplingRate]) { pending.withLock { $0.rates += rates } }

    func keep(_ templates: [UInt8]) { pending.withLock { $0.templates = templates } }

    func learn(_ exporters: [UInt8]) { pending.withLock { $0.learned.append(exporters) } }

    /// What imports have learned since the last call.
    func takeLearned() -> [[UInt8]] {
        pending.withLock { pending in
            defer { pending.learned = [] }
            return pending.learned
        }
    }

    /// Writes what is pending; after an error it is pending again.
    func write(to writer: LiveWriter) throws(StoreError) {
        let rates = pending.withLock { pending in
            defer { pending.rates = [] }
            return pending.rates
        }
        do throws(StoreError) {
            if !rates.isEmpty { try writer.note(rates) }
        } catch {
            pending.withLock { $0.rates = rates + $0.rates }
            throw error
        }
        let templates = pending.withLock { pending in
            defer { pending.templates = nil }
            return pending.templates
        }
        do throws(StoreError) {
            if let templates { try writer.replaceExporterState(templates) }
        } catch {
            pending.withLock { if $0.templates == nil { $0.templates = templates } }
            throw error
        }
    }
}
