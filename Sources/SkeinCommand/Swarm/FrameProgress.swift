import Glibc

/// A line on standard error that says how far a video is and how long it will take; nothing unless that is
/// a terminal.
struct FrameProgress {
    private let frames: Int
    private let isShown: Bool
    private let begun = Self.now
    private var shownAt: UInt64

    init(frames: Int) {
        self.frames = frames
        isShown = isatty(STDERR_FILENO) == 1
        shownAt = begun
    }

    /// Notes the frames that are done; redraws at most four times a second.
    mutating func advance(to done: Int) {
        guard isShown, done > 0 else { return }
        let now = Self.now
        guard now - shownAt >= 250 || done == frames else { return }
        shownAt = now
        let left = (now - begun) * UInt64(frames - min(done, frames)) / UInt64(done) / 1000
        let filled = 30 * done / max(frames, 1)
        let bar =
            String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
        Self.draw(
            "\r\u{1b}[2K\(bar) \(done) of \(frames) frames, \(left / 60) min \(left % 60) s left")
    }

    /// Removes the line.
    func clear() { if isShown, shownAt > begun { Self.draw("\r\u{1b}[2K") } }

    /// Milliseconds of a clock that nobody sets.
    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }

    private static func draw(_ text: String) {
        let octets = Array(text.utf8)
        // A line that is not drawn is drawn again soon.
        _ = octets.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
