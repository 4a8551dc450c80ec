import FlowCapture
import FlowStore
import FlowWire
import Glibc

/// The packets of an interface that may go down, or away, and come back; or those of a file.
///
///     capturing ──down──▶ waiting with the same socket ──up──▶ capturing
///         └──gone, error──▶ opening anew each second ──▶ capturing
struct InterfaceTap {
    let name: String
    /// How to open it again; nil for a file.
    private let options: PacketCapture.Options?
    private let report: @Sendable (CollectorEvent) -> Void
    private var capture: PacketCapture?
    /// The interface's number when the capture was opened.
    private var number: UInt32?
    private var isDown = false
    /// Why it could not be opened the last time, which is said once.
    private var reason: PacketCaptureError?
    private var nextLook: UInt64 = 0
    /// What captures counted that are closed, and the one that is not, when it was last asked.
    private var drops: (kernel: UInt64, interface: UInt64) = (0, 0)
    private var last = PacketCapture.Statistics()

    /// Nanoseconds between two looks whether the interface is back.
    private static let pause: UInt64 = 1_000_000_000
    /// Packets that are read before anything else is looked at.
    private static let packetsAtOnce: Int32 = 4096

    /// Opens an interface.
    init(
        _ options: PacketCapture.Options, report: @escaping @Sendable (CollectorEvent) -> Void
    ) throws(PacketCaptureError) {
        self.init(try Self.open(options), options, report: report)
        if let warning = capture?.warning { report(.captureWarning(name, reason: warning)) }
    }

    /// Reads a capture, which is not opened again.
    init(_ capture: PacketCapture, report: @escaping @Sendable (CollectorEvent) -> Void) {
        self.init(capture, nil, report: report)
    }

    private init(
        _ capture: PacketCapture, _ options: PacketCapture.Options?,
        report: @escaping @Sendable (CollectorEvent) -> Void
    ) {
        name = capture.name
        self.options = options
        self.capture = capture
        self.report = report
        number = NetworkInterface(name).number
    }

    /// Whether packets come as time passes.
    var isLive: Bool { options != nil }

    /// Whether it could bring packets now.
    var isUp: Bool { capture != nil && !isDown }

    /// Packets that the kernel dropped, and those that the interface says it did.
    var dropped: (kernel: UInt64, interface: UInt64) {
        mutating get {
            if let now = capture?.statistics {
                drops.kernel += UInt64(now.kernelDrops &- last.kernelDrops)
                drops.interface += UInt64(now.interfaceDrops &- last.interfaceDrops)
                last = now
            }
            return drops
        }
    }

    /// Hands over packets that are there; answers how many, or nil at the end of a file.
    mutating func read(_ body: (RawSpan, PacketInfo) -> Void) -> Int? {
        if !isUp { lookWhetherBack() }
        guard let capture else { return 0 }
        do throws(PacketCaptureError) {
            let count = try capture.read(atMost: Self.packetsAtOnce, body)
            guard isLive || count > 0 else { return nil }
            if count > 0, isDown { comeBack() }
            return count
        } catch {
            report(.captureLost(error))
            close(for: error)
            return isLive ? 0 : nil
        }
    }

    /// Waits for packets, for so long at most, or until it is woken.
    mutating func wait(milliseconds: Int32, _ wakeUp: WakeUp?) {
        // The system passes over -1.
        var watched = [pollfd(fd: wakeUp?.number ?? -1, events: Int16(POLLIN), revents: 0)]
        // While it is down its socket may say so without end.
        if let capture, !isDown {
            watched.append(pollfd(fd: capture.descriptor, events: Int16(POLLIN), revents: 0))
        }
        _ = unsafe poll(&watched, nfds_t(watched.count), milliseconds)
        guard watched.count == 2, watched[1].revents & ~Int16(POLLIN) != 0 else { return }
        isDown = true
        nextLook = Monitor.now
        report(.interfaceDown(name))
    }

    // MARK: - Down and back

    private mutating func lookWhetherBack() {
        guard let options, Monitor.now >= nextLook else { return }
        nextLook = Monitor.now + Self.pause
        if capture != nil {
            let interface = NetworkInterface(name)
            // The same name is another interface now: the socket listens to the one that has gone.
            if interface.number != number {
                close(for: .noInterface(name, known: []))
            } else if interface.isUp {
                comeBack()
            }
            return
        }
        do throws(PacketCaptureError) {
            capture = try Self.open(options)
            number = NetworkInterface(name).number
            comeBack()
        } catch {
            if isNews(error) { report(.captureLost(error)) }
            reason = error
        }
    }

    /// Whether an error says more than that the interface is still away, which was said.
    private func isNews(_ error: PacketCaptureError) -> Bool {
        switch error {
        case .noInterface, .isDown: false
        default: error != reason
        }
    }

    private mutating func comeBack() {
        isDown = false
        reason = nil
        report(.interfaceBack(name))
    }

    private mutating func close(for error: PacketCaptureError) {
        _ = dropped
        last = PacketCapture.Statistics()
        capture = nil
        reason = error
        nextLook = Monitor.now + Self.pause
    }

    private static func open(
        _ options: PacketCapture.Options
    ) throws(PacketCaptureError) -> PacketCapture {
        try Privileges.whileOpening { () throws(PacketCaptureError) in
            try PacketCapture(options)
        }
    }
}
