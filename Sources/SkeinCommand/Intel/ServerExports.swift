import FlowIntel
import FlowStore
import SkeinConfiguration
import SkeinServer

/// The exports of a running server: files of `intel.exports` that are kept up to date, and those that are
/// asked for over HTTP.
///
/// A file whose octets would be the same is not touched, and its command is not run.
final class ServerExports: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock, or is the thread's own.

    /// Those that are asked for.
    let served: IndicatorExports
    private let log: ServerLog
    private let monitor = Monitor()
    private var settings: SkeinSettings
    private var isNew = true
    private var isStopping = false
    private var worker: Worker?
    private var counts: [String: Count] = [:]
    /// Files whose commands are still to be run; the thread's own.
    private var pending: Set<String> = []

    private struct Count {
        var written: UInt64 = 0
        var failures: UInt64 = 0
        var isBroken = false
    }

    /// Nanoseconds between two looks.
    private static let interval: UInt64 = 1_000_000_000
    /// Nanoseconds until what failed is tried again.
    private static let pause: UInt64 = 60_000_000_000
    /// How many times as long as the writing took there is none: what changes all the time, as zones of
    /// the DNS do, must not keep a core busy.
    private static let rest: UInt64 = 9

    init(_ settings: SkeinSettings, _ log: ServerLog) {
        self.settings = settings
        self.log = log
        served = IndicatorExports(settings)
    }

    /// Begins to write.
    func start() {
        worker = Worker { [self] in run() }
        if worker == nil {
            log.say(.error, "intel: no export is written: the system has no thread to give")
        }
    }

    /// Goes on with other settings, and writes what they want at once.
    func reload(_ settings: SkeinSettings) {
        served.reload(settings)
        monitor.lock()
        self.settings = settings
        isNew = true
        monitor.signal()
        monitor.unlock()
    }

    /// Ends; a command that runs is killed.
    func stop() {
        monitor.lock()
        isStopping = true
        monitor.signal()
        monitor.unlock()
        worker?.join()
        worker = nil
    }

    /// What was counted, for `/metrics`.
    var metrics: [MetricFamily] {
        monitor.lock()
        defer { monitor.unlock() }
        var written = MetricFamily(
            "skein_intel_exports_written_total", .counter, "How often an export has changed.")
        var failures = MetricFamily(
            "skein_intel_export_failures_total", .counter,
            "How often an export could not be written, or its command has failed.")
        for export in settings.intel.exports {
            let count = counts[export.path] ?? Count()
            written.add(count.written, ("path", export.path))
            failures.add(count.failures, ("path", export.path))
        }
        return [written, failures]
    }

    // MARK: - On its thread

    private func run() {
        var watch = IndicatorWatch("")
        var written: IndicatorState?
        var notBefore: UInt64 = 0
        var again: UInt64?
        monitor.lock()
        while !isStopping {
            let settings = settings
            if isNew {
                isNew = false
                notBefore = 0
                written = nil
                watch.begin(settings.intel.database)
            }
            if settings.intel.exports.isEmpty {
                monitor.wait()
                continue
            }
            monitor.unlock()
            if Monitor.now >= notBefore {
                let began = Monitor.now
                // Before it is read: what changes meanwhile is noticed the next time.
                let state = try? watch.state()
                let isNews = state.map { written?.isCurrent($0) != true } ?? (again == nil)
                if isNews || again.map({ began >= $0 }) ?? false {
                    again = write(settings) ? nil : began + Self.pause
                    written = state
                    let now = Monitor.now
                    notBefore = now + min((now - began) * Self.rest, Self.pause)
                }
            }
            monitor.lock()
            if !isStopping, !isNew { monitor.wait(until: Monitor.now + Self.interval) }
        }
        monitor.unlock()
    }

    /// Writes all that has changed; whether nothing went wrong.
    private func write(_ settings: SkeinSettings) -> Bool {
        var isWhole = true
        // What the same sources list is read once, and given back before the next is read.
        for sources in Set(settings.intel.exports.map { Set($0.sources) }) {
            let exports = settings.intel.exports.filter { Set($0.sources) == sources }
            do {
                let intelligence = try Intelligence(settings)
                guard try intelligence.hasRead(sources.sorted()) else { continue }
                let export = Export(
                    try intelligence.store.indicators(of: sources.sorted()),
                    judge: intelligence.judge)
                for entry in exports where isWanted {
                    let problem = write(entry, export)
                    isWhole = isWhole && problem == nil
                    note(entry, problem)
                }
            } catch {
                isWhole = false
                for entry in exports { note(entry, "\(entry.path) is not written: \(error)") }
            }
        }
        return isWhole
    }

    /// Writes a file where it has changed; what went wrong.
    private func write(_ entry: IntelExport, _ export: Export) -> String? {
        guard let format = ExportFormat(rawValue: entry.format) else {
            return "there is no format \(entry.format)"
        }
        var options = ExportOptions()
        options.setName = entry.setName
        do throws(FileReplacementError) {
            let octets = export.file(
                format, options: options, following: fileContents(at: entry.path) ?? [])
            if try replaceFile(at: entry.path, with: octets) {
                log.say(.info, "intel: \(entry.path) is written, \(octets.count) octets")
                monitor.lock()
                counts[entry.path, default: Count()].written += 1
                monitor.unlock()
                pending.insert(entry.path)
            }
        } catch {
            return "\(entry.path) is not written: \(error)"
        }
        guard pending.contains(entry.path) else { return nil }
        guard let program = entry.then.first else {
            pending.remove(entry.path)
            return nil
        }
        let end = Monitor.now + UInt64(max(entry.timeout / .nanoseconds(1), 0))
        let result = runPostCommand(entry.then) { [self] in isWanted && Monitor.now < end }
        if result == .exited(code: 0) { pending.remove(entry.path) }
        if result == .exited(code: 0) || !isWanted { return nil }
        return "\(entry.path) is written, but \(program) \(result)"
    }

    private var isWanted: Bool {
        monitor.lock()
        defer { monitor.unlock() }
        return !isStopping
    }

    /// Counts what went wrong, and says it once.
    private func note(_ entry: IntelExport, _ problem: String?) {
        monitor.lock()
        var count = counts[entry.path] ?? Count()
        let wasBroken = count.isBroken
        count.isBroken = problem != nil
        if problem != nil { count.failures += 1 }
        counts[entry.path] = count
        monitor.unlock()
        if let problem, !wasBroken { log.say(.warning, "intel: \(problem)") }
    }
}
