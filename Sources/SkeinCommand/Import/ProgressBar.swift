import Glibc

/// A line on standard error that says how far an import is; nothing unless that is a terminal.
struct ProgressBar {
    private let total: UInt64?
    private let name: String
    private let isShown: Bool
    private var done: UInt64 = 0
    private var shownAt: UInt64 = 0

    init(name: String, total: UInt64?) {
        self.name = name
        self.total = total
        isShown = isatty(STDERR_FILENO) == 1
    }

    /// Notes more octets done and redraws at most every 64 MiB.
    mutating func advance(by octets: Int) {
        done += UInt64(octets)
        guard isShown, done - shownAt >= 1 << 26 else { return }
        shownAt = done
        let part = total.map { " of \($0 >> 20)" } ?? ""
        Self.draw("\r\(name): \(done >> 20)\(part) MiB")
    }

    /// Removes the line.
    func clear() {
        if isShown && shownAt > 0 { Self.draw("\r\u{1b}[2K") }
    }

    private static func draw(_ text: String) {
        let bytes = Array(text.utf8)
        // A line that is not drawn is drawn 64 MiB later.
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
