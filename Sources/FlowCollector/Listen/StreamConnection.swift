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
    private var buffer = MessageBuffer()

    init(
        _ socket: consuming Socket, from address: IPAddress, port: UInt16, firstMessageDue: UInt64
    ) {
        self.socket = socket
        self.address = address
        self.port = port
        self.firstMessageDue = firstMessageDue
    }

    /// Messages that it has brought.
    var messages: UInt64 { buffer.messages }

    /// Reads what is there once and hands whole messages to `body`.
    func read(_ body: (RawSpan) -> Void) -> Outcome {
        let number = socket.number
        let count: Int
        do {
            count = try unsafe buffer.fill(body) { space in
                unsafe recv(number, space.baseAddress, space.count, Int32(MSG_DONTWAIT))
            }
        } catch {
            return .broken("\(error)")
        }
        if count > 0 { return .goesOn }
        if count == 0 {
            let rest = buffer.pending
            return rest == 0 ? .ended : .broken("ended within a message, \(rest) octets of it")
        }
        if errno == EAGAIN || errno == EINTR { return .goesOn }
        return .broken(unsafe String(cString: strerror(errno)))
    }
}
