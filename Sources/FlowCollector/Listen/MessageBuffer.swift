import FlowModel
import FlowWire
import Glibc

/// Octets of a stream of IPFIX messages that are not a whole message yet (RFC 7011 §10.4).
struct MessageBuffer {
    private var splitter = IPFIXMessageSplitter()
    private var octets = [UInt8](repeating: 0, count: 1 << 14)
    private var filled = 0

    /// A message, and some of the next.
    private static let octetsMax = 2 * IPFIXMessageSplitter.bufferBytesMin

    /// Messages that were whole.
    var messages: UInt64 { splitter.messages }
    /// Octets of a message that is not whole.
    var pending: Int { filled }

    /// Has `read` write into the free space, once, and hands whole messages to `body`.
    ///
    /// - Parameter read: answers how many octets it wrote; 0 or less is answered as it is.
    /// - Throws: what ``IPFIXMessageSplitter/feed(_:_:)`` throws: the stream cannot be read on.
    mutating func fill(
        _ body: (RawSpan) -> Void, from read: (UnsafeMutableRawBufferPointer) -> Int
    ) throws -> Int {
        let start = filled
        let count = unsafe octets.withUnsafeMutableBytes { memory in
            unsafe read(UnsafeMutableRawBufferPointer(rebasing: memory[start...]))
        }
        guard count > 0 else { return count }
        filled += count
        let used = try unsafe octets.withUnsafeBytes { memory in
            try unsafe splitter.feed(memory.bytes.extracting(0..<filled), body)
        }
        keep(from: used)
        return count
    }

    /// Takes octets that have been read, and hands whole messages to `body`.
    ///
    /// - Throws: as ``fill(_:from:)``.
    mutating func take(_ arrived: UnsafeRawBufferPointer, _ body: (RawSpan) -> Void) throws {
        var rest = unsafe arrived
        while unsafe !rest.isEmpty {
            let count = try unsafe fill(body) { space in
                let count = min(space.count, rest.count)
                unsafe space.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
                return count
            }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Moves the beginning of a message to the front, and makes room for the rest of it.
    private mutating func keep(from used: Int) {
        let rest = filled - used
        if used > 0, rest > 0 {
            unsafe octets.withUnsafeMutableBytes { memory in
                guard let start = memory.baseAddress else { return }
                unsafe memmove(start, start + used, rest)
            }
        }
        filled = rest
        if filled == octets.count, octets.count < Self.octetsMax {
            let more = min(octets.count, Self.octetsMax - octets.count)
            octets += [UInt8](repeating: 0, count: more)
        }
    }
}
