import FlowModel
import Glibc
import Synchronization

/// Lets other processes of the same user add to a store while a ``LiveWriter`` holds it.
///
/// They write segments of their own, under numbers that were set aside for them, and have them taken in
/// as a whole: see ``AdmissionMessage``. So an import costs the holder next to nothing, and it is there
/// at once or not at all. One at a time, as where nobody holds the store. Others may have the holder look
/// after the store, see ``StoreCare``; that is one at a time as well.
public final class ImportGate: @unchecked Sendable {
    // Sendable: what changes belongs to the thread; `stop` waits for it.
    private let writer: LiveWriter
    private let directory: StoreDirectory
    private let socket: LocalSocket
    private let wakeUp: Int32
    private let wakeEnd: Int32
    private let report: @Sendable (ImportEvent) -> Void
    private let learn: @Sendable ([UInt8]) -> Void
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
        /// A process has the store looked after: `compact`, `expire` or `rollup`.
        case asked(process: Int32, task: String)
        /// That is done, or was given up.
        case answered(process: Int32, task: String, isDone: Bool)

        /// Who did what.
        public var description: String {
            switch self {
            case .began(let process): "process \(process) imports into the store"
            case .added(let process, let flows):
                "process \(process) has imported \(flows) flows"
            case .ended(let process, let reason):
                "the import of process \(process) came to nothing: \(reason)"
            case .asked(let process, let task):
                "process \(process) asks for skein store \(task)"
            case .answered(let process, let task, isDone: true):
                "skein store \(task) is done for process \(process)"
            case .answered(let process, let task, isDone: false):
                "skein store \(task) was not done for process \(process)"
            }
        }
    }

    /// Numbers that are set aside for one import: no disk has room for so many segments.
    private static let numbersOfOne: UInt64 = 1 << 20
    /// Nanoseconds in which one who connects must say what it wants.
    private static let helloTime: UInt64 = 10_000_000_000
    /// Who is let in at once.
    private static let visitorsMax = 8

    /// Opens the gate.
    ///
    /// - Parameter learn: gets what imports learned of exporters, as ``StoreWriter/exporterState()`` has it.
    public init(
        _ writer: LiveWriter, report: @escaping @Sendable (ImportEvent) -> Void = { _ in },
        learn: @escaping @Sendable ([UInt8]) -> Void = { _ in }
    ) throws(StoreError) {
        self.writer = writer
        self.report = report
        self.learn = learn
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
    private final class Visitor {
        let socket: LocalSocket
        let process: Int32
        let helloDue: UInt64
        /// What was set aside for one who imports.
        var numbers: Range<UInt64>?
        var hasPublished = false
        /// What is done for one who asked for it.
        var chore: StoreChore?
        var octets: [UInt8] = []

        init(_ socket: consuming LocalSocket, process: Int32) {
            self.socket = socket
            self.process = process
            helloDue = Monitor.now + ImportGate.helloTime
        }

        /// Whether it has said what it wants.
        var isKnown: Bool { numbers != nil || chore != nil }
    }

    private func run() {
        var visitors: [Visitor] = []
        while true {
            var watched = [
                pollfd(fd: wakeUp, events: 0, revents: 0),
                pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0),
            ]
            watched += visitors.map {
                pollfd(fd: $0.socket.number, events: Int16(POLLIN), revents: 0)
            }
            let waits: Int32 = visitors.allSatisfy(\.isKnown) ? -1 : 1000
            _ = unsafe poll(&watched, nfds_t(watched.count), waits)
            if watched[0].revents != 0 { break }
            var staying: [Visitor] = []
            for (visitor, state) in zip(visitors, watched[2...]) {
                var reason: String?
                if state.revents != 0 {
                    reason = goOn(visitor, beside: visitors)
                } else if !visitor.isKnown, Monitor.now >= visitor.helloDue {
                    reason = "it said nothing"
                }
                if let reason { end(visitor, reason) } else { staying.append(visitor) }
            }
            visitors = staying
            if watched[1].revents != 0, let guest = socket.accepted() {
                admit(guest, beside: &visitors)
            }
        }
        for visitor in visitors {
            // One whose work is done or given up has its answer first.
            visitor.chore?.stop()
            _ = visitor.socket.send(.refused("skein serve is ending; try again"))
            end(visitor, "skein serve is ending")
        }
    }

    private func admit(_ guest: consuming LocalSocket, beside visitors: inout [Visitor]) {
        guard let peer = guest.peer else { return }
        guard peer.user == geteuid() || peer.user == 0 else {
            _ = guest.send(
                .refused("it belongs to user \(geteuid()) and you are user \(peer.user)"))
            return
        }
        guard visitors.count < Self.visitorsMax else {
            _ = guest.send(.refused("too many ask at once; try again"))
            return
        }
        visitors.append(Visitor(guest, process: peer.process))
    }

    /// Reads and answers; why it is over where it is.
    private func goOn(_ visitor: Visitor, beside visitors: [Visitor]) -> String? {
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
                try answer(message, to: visitor, beside: visitors)
            }
        } catch {
            _ = visitor.socket.send(.refused("\(error)"))
            return visitor.numbers == nil ? "" : "\(error)"
        }
        return nil
    }

    /// What a visitor asked for and does not get.
    private struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private func answer(
        _ message: AdmissionMessage, to visitor: Visitor, beside visitors: [Visitor]
    ) throws {
        switch (message, visitor.numbers) {
        case (.hello(AdmissionMessage.version), nil) where visitor.chore == nil:
            if let other = visitors.first(where: { $0.numbers != nil }) {
                throw Refusal(
                    description:
                        "process \(other.process) is importing; try again when it has finished")
            }
            let numbers = try writer.setAside(Self.numbersOfOne)
            visitor.numbers = numbers
            report(.began(process: visitor.process))
            _ = visitor.socket.send(.admitted(numbers: numbers))
        case (.task(let task, AdmissionMessage.version), nil) where visitor.chore == nil:
            if let other = visitors.first(where: { $0.chore != nil }) {
                throw Refusal(
                    description: "it does already what process \(other.process) asked for; "
                        + "try again when that is done")
            }
            try begin(task, for: visitor)
        case (.hello(let version), nil) where version != AdmissionMessage.version,
            (.task(_, let version), nil) where version != AdmissionMessage.version:
            throw Refusal(
                description: "it is of another version of skein (\(AdmissionMessage.version), not "
                    + "\(version)); use the same")
        case (.publish(let octets), let numbers?):
            let flows = try writer.adopt(octets, numbers: numbers) {
                isStopping.load(ordering: .relaxed)
            }
            visitor.hasPublished = true
            report(.added(process: visitor.process, flows: flows))
            _ = visitor.socket.send(.done)
        case (.exporters(let state), .some):
            learn(state)
            _ = visitor.socket.send(.done)
        default:
            throw Refusal(description: "that makes no sense here")
        }
    }

    /// Has another thread do what a visitor asks for: imports go on meanwhile.
    private func begin(_ task: StoreTask, for visitor: Visitor) throws {
        let process = visitor.process
        report(.asked(process: process, task: task.name))
        let chore = StoreChore(task, writer) { [report] message in
            var isDone = false
            if case .answer = message { isDone = true }
            report(.answered(process: process, task: task.name, isDone: isDone))
            _ = visitor.socket.send(message)
        }
        guard chore.start() else { throw Refusal(description: "there is no thread for it") }
        visitor.chore = chore
    }

    /// Deletes what a visitor has left, and gives up what it had asked for.
    private func end(_ visitor: Visitor, _ reason: String) {
        visitor.chore?.stop()
        visitor.chore = nil
        guard let numbers = visitor.numbers else { return }
        writer.sweep(numbers)
        if !reason.isEmpty { report(.ended(process: visitor.process, reason: reason)) }
    }
}
