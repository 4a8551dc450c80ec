import FlowModel
import FlowWire
import Glibc

/// A connection that brings IPFIX messages back to back (RFC 7011 §10.4).
final class StreamConnection {
    /// How a reading ended.
    enum Outcome {
        case goesOn
        case ended
        /// It cannot be read on.
        case broken(String)
    }

    let address: IPAddress
    let port: UInt16
    /// When it must have brought a message, by `Monitor.now`.
    let firstMessageDue: UInt64
    let socket: Socket
    private var splitter = IPFIXMessageSplitter()
    private var buffer = [UInt8](repeating: 0, count: 1 << 14)
    private var filled = 0

    /// A message, and some of the next.
    private static let bufferBytesMax = 2 * IPFIXMessageSplitter.bufferBytesMin

    init(
        _ socket: consuming Socket, from address: IPAddress, port: UInt16, firstMessageDue: UInt64
    ) {
        self.socket = socket
        self.address = address
        self.port = port
        self.firstMessageDue = firstMessageDue
    }

    /// Messages that it has brought.
    var messages: UInt64 { splitter.messages }

    /// Reads what is there once and hands whole messages to `body`.
    func read(_ body: (RawSpan) -> Void) -> Outcome {
        let room = buffer.count - filled
        let (number, start) = (socket.number, filled)
        let count = unsafe buffer.withUnsafeMutableBytes { memory in
            unsafe recv(
                number, memory.baseAddress.map { unsafe $0 + start }, room, Int32(MSG_DONTWAIT))
        }
        guard count != 0 else {
            return filled == 0 ? .ended : .broken("ended within a message, \(filled) octets of it")
        }
        guard count > 0 else {
            if errno == EAGAIN || errno == EINTR { return .goesOn }
            return .broken(unsafe String(cString: strerror(errno)))
        }
        filled += count
        do {
            let used = try unsafe buffer.withUnsafeBytes { memory in
                try unsafe splitter.feed(memory.bytes.extracting(0..<filled), body)
            }
            keep(from: used)
        } catch {
            return .broken("\(error)")
        }
        return .goesOn
    }

    /// Moves the beginning of a message to the front, and makes room for the rest of it.
    private func keep(from used: Int) {
        let rest = filled - used
        if used > 0, rest > 0 {
            unsafe buffer.withUnsafeMutableBytes { memory in
                guard let start = memory.baseAddress else { return }
                unsafe memmove(start, start + used, rest)
            }
        }
        filled = rest
        if filled == buffer.count, buffer.count < Self.bufferBytesMax {
            let more = min(buffer.count, Self.bufferBytesMax - buffer.count)
            buffer += [UInt8](repeating: 0, count: more)
        }
    }
}
