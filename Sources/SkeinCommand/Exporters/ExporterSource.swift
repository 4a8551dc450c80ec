import FlowDoctor
import FlowModel
import FlowStore
import FlowWire
import Glibc

/// The exporters of a store, as its `EXPORTERS` has them.
struct ExporterSource {
    let statuses: [ExporterStatus]
    /// The instant to judge by, ms since 1970.
    ///
    /// Now where some exporter was heard within the hour, else when the last one was: a store of an
    /// old capture is judged as of its end.
    let instant: UInt64
    /// Whether that is now.
    let isLive: Bool

    /// An exporter heard within this time makes a store live, ms.
    private static let liveWithin: UInt64 = 3_600_000

    init(store: StoreOption) throws {
        // Says what is wrong where there is no store; no segment is opened for it.
        _ = try store.reader(window: StoreWindow(to: 0), quietly: true)
        try self.init(directory: store.directory)
    }

    /// Those of a store that is there.
    init(directory: String) throws {
        guard let octets = try ExporterState.read(store: directory) else {
            statuses = []
            (instant, isLive) = (Self.now, true)
            return
        }
        guard let found = ExportDecoder.exporterStatuses(in: octets.span.bytes) else {
            throw StoreProblem(
                description:
                    "\(directory)/EXPORTERS was written by a later version of skein; "
                    + "use that one, or import or collect with this one to write it anew")
        }
        statuses = found
        let last = found.map(\.tally.lastReceived).max() ?? 0
        let now = Self.now
        isLive = last &+ Self.liveWithin >= now
        instant = isLive ? now : last
    }

    /// What is wrong with each, the worst first.
    func diagnoses(
        _ knowledge: UserKnowledge, of statuses: [ExporterStatus]? = nil
    )
        -> [ExporterDiagnosis]
    {
        var diagnosis = Diagnosis()
        if let rates = knowledge.rates {
            diagnosis.ratesAreKnown = { status in
                rates.interval(exporter: status.exporter, domain: status.domain) != nil
            }
        }
        return diagnosis.diagnose(statuses ?? self.statuses, at: instant)
    }

    /// The machine's clock.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }
}

extension Finding {
    var json: JSONValue {
        .object([
            ("severity", .text("\(severity)")), ("kind", .text(kind.rawValue)),
            ("what", .text(what)), ("effect", .text(effect)), ("remedy", .text(remedy)),
        ])
    }
}
