import FlowModel
import Glibc
import Synchronization

/// Lets other processes of the same user add to a store while a ``LiveWriter`` holds it.
///
/// They write segments of their own, under numbers that were set aside for them, and have them taken in
/// as a whole: see ``AdmissionMessage``. So an import costs the holder next to nothing, and it is there
/// at once or not at all. One at a time, as where nobody holds the store.
public final class ImportGate: @unchecked Sendable {
    // Sendable: what changes belongs to the thread; `stop` waits for it.
    private let writer: LiveWriter
    private let directory: StoreDirectory
    private let socket: LocalSocket
    private let wakeUp: Int32
    private let wakeEnd: Int32
    private let report: @Sendable (ImportEvent) -> Void
    private let isStopping = Atomic(false)
    private var worker: Worker?

    /// What whoever runs the holder may want to know.
    public enum ImportEvent: Hashable, Sendable, CustomStringConvertible {
        /// A process adds to the store.
        case began(process: Int32)
        /// What it wrote is in the store.
        case added(process: Int32, flows: UInt64)
        /// It ended before that, or was refused; nothing of it is in the store.
        case ended(process: Int32, reason: String)

        /// Who did what.
        public var description: String {
            switch self {
            case .began(let process): "process \(process) imports into the store"
            case .added(let process, let flows):
                "process \(process) has imported \(flows) flows"
            case .ended(let process, let reason):
                "the import of process \(process) came to nothing: \(reason)"
            }
        }
    }

    /// Numbers that are set aside for one import: no disk has room for so many segments.
    private static let numbersOfOne: UInt64 = 1 << 20
    /// Nanoseconds in which one who connects must say what it wants.
    private static let helloTime: UInt64 = 10_000_000_000

    /// Opens the gate.
    public init(
        _ writer: LiveWriter, report: @escaping @Sendable (ImportEvent) -> Void = { _ in }
    ) throws(StoreError) {
        self.writer = writer
        self.report = report
        directory = writer.directory
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            throw Descriptor.failure("make a pipe for", directory.gate)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (wakeUp, wakeEnd) = (ends[0], ends[1])
        do throws(StoreError) {
            socket = try LocalSocket.listening(at: directory.gate)
        } catch {
            for end in ends { Glibc.close(end) }
            throw error
        }
        worker = Worker { [unowned self] in run() }
        guard worker != nil else {
            for end in ends { Glibc.close(end) }
            throw StoreError(
                path: directory.gate,
                cause: .system(operation: "start a thread for", code: EAGAIN))
        }
    }

    deinit { stop() }

    /// Closes the gate; an import that is not published by then has failed.
    public func stop() {
        guard let worker else { return }
        unsafe unlink(directory.gate)
        isStopping.store(true, ordering: .relaxed)
        Glibc.close(wakeEnd)
        worker.join()
        Glibc.close(wakeUp)
        self.worker = nil
    }

    // MARK: - The thread

    /// One who is let in.
    private struct Visitor: ~Copyable {
        let socket: LocalSocket
        let process: Int32
        let helloDue: UInt64
        /// What was set aside for it; nil until it has said hello.
        var numbers: Range<UInt64>?
        var hasPublished = false
        var octets: [UInt8] = []
    }

    private func run() {
        var visitor: Visitor?
        while true {
            var watched = [
                pollfd(fd: wakeUp, events: 0, revents: 0),
                pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0),
                // A negative number is passed over.
                pollfd(fd: visitor?.socket.number ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            _ = unsafe poll(&watched, 3, visitor != nil && visitor?.numbers == nil ? 1000 : -1)
            if watched[0].revents != 0 { break }
            if var current = visitor.take() {
                var reason: String?
                if watched[2].revents != 0 {
                    reason = goOn(&current)
                } else if current.numbers == nil, Monitor.now >= current.helloDue {
                    reason = "it said nothing"
                }
                if let reason { end(current, reason) } else { visitor = consume current }
            }
            if watched[1].revents != 0, let guest = socket.accepted() {
                visitor = admit(guest, beside: visitor.take())
            }
        }
        if let visitor = visitor.take() {
            _ = visitor.socket.send(.refused("skein serve is ending; import again"))
            end(visitor, "skein serve is ending")
        }
    }

    private func admit(
        _ guest: consuming LocalSocket, beside visitor: consuming Visitor?
    ) -> Visitor? {
        guard let peer = guest.peer else { return visitor }
        guard peer.user == geteuid() || peer.user == 0 else {
            _ = guest.send(
                .refused("it belongs to user \(geteuid()) and you are user \(peer.user)"))
            return visitor
        }
        if let process = visitor?.process {
            _ = guest.send(
                .refused("process \(process) is importing; try again when it has finished"))
            return visitor
        }
        return Visitor(
            socket: guest, process: peer.process, helloDue: Monitor.now + Self.helloTime)
    }

    /// Reads and answers; why it is over where it is.
    private func goOn(_ visitor: inout Visitor) -> String? {
        guard let arrived = visitor.socket.receive(waits: false) else { return nil }
        guard !arrived.isEmpty else {
            return visitor.hasPublished || visitor.numbers == nil
                ? "" : "it ended before it was done"
        }
        visitor.octets += arrived
        let octetsMax = visitor.numbers == nil ? 64 : AdmissionMessage.payloadOctetsMax
        do {
            while let (message, length) = try AdmissionMessage.first(
                of: visitor.octets, octetsMax: octetsMax)
            {
                visitor.octets.removeFirst(length)
                try answer(message, to: &visitor)
            }
        } catch {
            _ = visitor.socket.send(.refused("\(error)"))
            return "\(error)"
        }
        return nil
    }

    /// What a visitor asked for and does not get.
    private struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private func answer(_ message: AdmissionMessage, to visitor: inout Visitor) throws {
        switch (message, visitor.numbers) {
        case (.hello(AdmissionMessage.version), nil):
            let numbers = try writer.setAside(Self.numbersOfOne)
            visitor.numbers = numbers
            report(.began(process: visitor.process))
            _ = visitor.socket.send(.admitted(numbers: numbers))
        case (.hello(let version), nil):
            throw Refusal(
                description: "it is of another version of skein (\(AdmissionMessage.version), not "
                    + "\(version)); import with the same")
        case (.publish(let octets), let numbers?):
            let flows = try writer.adopt(octets, numbers: numbers) {
                isStopping.load(ordering: .relaxed)
            }
            visitor.hasPublished = true
            report(.added(process: visitor.process, flows: flows))
            _ = visitor.socket.send(.done)
        default:
            throw Refusal(description: "that makes no sense here")
        }
    }

    /// Deletes what a visitor has left.
    private func end(_ visitor: consuming Visitor, _ reason: String) {
        if let numbers = visitor.numbers { writer.sweep(numbers) }
        if !reason.isEmpty { report(.ended(process: visitor.process, reason: reason)) }
    }
}
