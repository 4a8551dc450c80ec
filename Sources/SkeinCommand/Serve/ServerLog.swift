import FlowCollector
import Glibc
import SkeinConfiguration

/// What a server says on standard error, a line each.
struct ServerLog: Sendable {
    let settings: LogSettings

    /// Says what a collector reports.
    func say(_ event: CollectorEvent) {
        let level: LogSettings.Level =
            switch event.level {
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
        say(level, "\(event)")
    }

    /// Says a line, unless it matters too little.
    func say(_ level: LogSettings.Level, _ text: String) {
        guard level >= settings.level else { return }
        guard settings.json else { return StandardStreams.say(text) }
        let line = JSONValue.object([
            ("time", .number(Clock.millisecondsSince1970())), ("level", .text(level.rawValue)),
            ("message", .text(text)),
        ])
        let octets = Array((line.text + "\n").utf8)
        // Where stderr is gone there is nobody to tell.
        _ = octets.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
