import Glibc

/// What the kernel's loopback has taken and not yet delivered.
///
/// A datagram to loopback goes through a queue of the sender's processor. Most often the sender's call
/// empties it; on a busy machine a thread of the kernel does, later.
public enum Loopback {
    /// A call of the system failed.
    struct Failure: Error {
        let call: String
        let code: CInt
    }

    /// Waits until every datagram whose sender's call has returned lies in its socket.
    ///
    /// The queues keep their order: a datagram sent from each processor in turn, and received, was behind
    /// all others there.
    public static func settle() throws {
        let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        try check("socket", descriptor)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        // Connected to itself, it receives from nobody else.
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try check("bind", bind(descriptor, $0, size))
                try check("getsockname", getsockname(descriptor, $0, &size))
                try check("connect", connect(descriptor, $0, size))
            }
        }
        // A queue that is full refuses; it is asked again.
        var second = timeval(tv_sec: 1, tv_usec: 0)
        let patience = socklen_t(MemoryLayout<timeval>.size)
        try check(
            "setsockopt", setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &second, patience))
        let processors = try Processors()
        defer { processors.allow(processors.all) }
        for processor in processors.all {
            processors.allow([processor])
            var octet: UInt8 = 0
            for attempt in 1... {
                try check("send", CInt(send(descriptor, &octet, 1, 0)))
                let received = recv(descriptor, &octet, 1, 0)
                if received == 1 { break }
                if errno != EAGAIN || attempt == 60 { try check("recv", CInt(received)) }
            }
        }
    }

    fileprivate static func check(_ call: String, _ result: CInt) throws {
        guard result >= 0 else { throw Failure(call: call, code: errno) }
    }
}

/// The processors that this thread may run on.
///
/// Glibc's module has no such calls.
private struct Processors {
    private typealias Call = @convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> CInt

    /// Their numbers.
    let all: [Int]
    private let change: Call

    init() throws {
        guard let get = dlsym(nil, "sched_getaffinity"), let set = dlsym(nil, "sched_setaffinity")
        else { throw Loopback.Failure(call: "dlsym", code: ENOSYS) }
        var mask = [UInt8](repeating: 0, count: 128)
        try Loopback.check(
            "sched_getaffinity", unsafeBitCast(get, to: Call.self)(0, mask.count, &mask))
        all = mask.indices.flatMap { octet in
            (0..<8).filter { mask[octet] >> $0 & 1 == 1 }.map { octet * 8 + $0 }
        }
        change = unsafeBitCast(set, to: Call.self)
    }

    /// Moves this thread to some of them.
    func allow(_ numbers: [Int]) {
        var mask = [UInt8](repeating: 0, count: 128)
        for number in numbers { mask[number / 8] |= 1 << (number % 8) }
        precondition(change(0, mask.count, &mask) == 0)
    }
}
