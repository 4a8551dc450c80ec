import NIOCore
import Synchronization

/// Tells whoever listens how things stand, every few seconds: one look for all.
///
/// Where nobody listens nobody looks. A client has room for a few messages; one that does not read them is
/// sent away, and its browser comes back when it can.
final class EventHub: Sendable {
    private struct Listener {
        let messages: AsyncStream<ByteBuffer>.Continuation
        /// Ends its connection, which may be stuck in a message.
        let hangUp: @Sendable () -> Void
        /// Whether it may still hear.
        let isWelcome: @Sendable () -> Bool
    }

    private struct State {
        var listeners: [UInt64: Listener] = [:]
        var nextListener: UInt64 = 0
        var last: ByteBuffer?
        var task: Task<Void, Never>?
        var isOpen = true
    }

    private let state = Mutex(State())
    private let look: @Sendable () -> String
    private let interval: Duration
    /// Messages that wait for one client at most.
    static let waitingMax = 8
    /// Clients at once.
    static let listenersMax = 128

    /// - Parameters:
    ///   - interval: between two looks.
    ///   - look: says how things stand, as JSON in one line.
    init(every interval: Duration, look: @escaping @Sendable () -> String) {
        self.interval = interval
        self.look = look
    }

    /// Listeners now.
    var count: Int { state.withLock { $0.listeners.count } }

    /// A listener's messages; nil where there are too many listeners, or the server ends.
    ///
    /// - Parameters:
    ///   - isWelcome: whether the listener may still hear; asked before each message.
    ///   - hangUp: ends the connection of a listener that does not keep up.
    func listen(
        isWelcome: @escaping @Sendable () -> Bool = { true },
        hangUp: @escaping @Sendable () -> Void
    ) -> (id: UInt64, messages: AsyncStream<ByteBuffer>)? {
        state.withLock { state in
            guard state.isOpen, state.listeners.count < Self.listenersMax else { return nil }
            let (messages, continuation) = AsyncStream.makeStream(
                of: ByteBuffer.self, bufferingPolicy: .bufferingOldest(Self.waitingMax))
            let id = state.nextListener
            state.nextListener += 1
            state.listeners[id] = Listener(
                messages: continuation, hangUp: hangUp, isWelcome: isWelcome)
            if let last = state.last, state.task != nil { continuation.yield(last) }
            if state.task == nil {
                state.task = Task.detached { [weak self, interval] in
                    while !Task.isCancelled {
                        guard let self, self.tell() else { return }
                        try? await Task.sleep(for: interval)
                    }
                }
            }
            return (id, messages)
        }
    }

    /// Forgets a listener.
    func leave(_ id: UInt64) {
        state.withLock { $0.listeners.removeValue(forKey: id) }?.messages.finish()
    }

    /// Sends everybody away.
    func close() {
        let (listeners, task) = state.withLock { state in
            state.isOpen = false
            defer {
                state.listeners = [:]
                state.task = nil
            }
            return (state.listeners, state.task)
        }
        task?.cancel()
        for listener in listeners.values { listener.messages.finish() }
    }

    /// Tells all how things stand; false where nobody is there any more.
    private func tell() -> Bool {
        let message = ByteBuffer(string: "event: pulse\ndata: \(look())\n\n")
        let (isWanted, slow) = state.withLock { state in
            var slow: [Listener] = []
            for (id, listener) in state.listeners {
                guard listener.isWelcome() else {
                    listener.messages.finish()
                    state.listeners[id] = nil
                    continue
                }
                guard case .enqueued = listener.messages.yield(message) else {
                    slow.append(listener)
                    state.listeners[id] = nil
                    continue
                }
            }
            let isWanted = !state.listeners.isEmpty
            state.last = isWanted ? message : nil
            if !isWanted { state.task = nil }
            return (isWanted, slow)
        }
        for listener in slow {
            listener.messages.finish()
            listener.hangUp()
        }
        return isWanted
    }
}
