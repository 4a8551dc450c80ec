import Glibc

/// Events that wait for a sink, in a file: what was not delivered when the program ended is delivered
/// when it begins anew.
///
///     octets 0…7 "SKEINQ1\n", 8…15 where the first undelivered record begins
///     records: length u32, check u32 (FNV-1a), arrival ms u64, octets of the event
///
/// Numbers are little-endian. It is not synced: a power cut may lose what came in its last seconds. Used
/// under its owner's lock.
final class DiskQueue {
    struct Item {
        /// When the flow arrived; 0 where there was none.
        let received: UInt64
        let octets: [UInt8]
    }

    let path: String
    private let descriptor: CInt
    private let bytesMax: Int
    private var head: Int
    private var end: Int
    private static let start = 16
    private static let mark = Array("SKEINQ1\n".utf8)
    private static let recordMax = 1 << 20

    /// Octets that wait.
    var waiting: Int { end - head }
    var isEmpty: Bool { head >= end }

    /// Opens a queue, and makes it where there is none.
    ///
    /// - Parameter bytesMax: what is more is refused.
    init(path: String, bytesMax: Int) throws(SinkError) {
        self.path = path
        self.bytesMax = bytesMax
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SinkError("\(path): \(systemMessage(errno))") }
        var status = stat()
        unsafe fstat(descriptor, &status)
        let size = Int(status.st_size)
        var octets = [UInt8](repeating: 0, count: Self.start)
        if size >= Self.start, Self.read(descriptor, into: &octets, at: 0),
            Array(octets[..<8]) == Self.mark
        {
            let stored = octets[8...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            head = min(max(Int(clamping: stored), Self.start), size)
            end = head
            end = intact(upTo: size)
            if end < size { ftruncate(descriptor, off_t(end)) }
        } else {
            head = Self.start
            end = Self.start
            ftruncate(descriptor, 0)
            guard Self.write(descriptor, Self.mark, at: 0), writeHead() else {
                let reason = systemMessage(errno)
                close(descriptor)
                throw SinkError("\(path): \(reason)")
            }
        }
    }

    deinit { close(descriptor) }

    /// Where the records end that are whole.
    private func intact(upTo size: Int) -> Int {
        var place = head
        while let (_, next) = record(at: place, size: size) { place = next }
        return place
    }

    private func record(at place: Int, size: Int) -> (item: Item, next: Int)? {
        var header = [UInt8](repeating: 0, count: 16)
        guard place + 16 <= size, Self.read(descriptor, into: &header, at: place) else {
            return nil
        }
        func number(_ range: Range<Int>) -> UInt64 {
            header[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        let length = Int(number(0..<4))
        guard length <= Self.recordMax, place + 16 + length <= size else { return nil }
        var octets = [UInt8](repeating: 0, count: length)
        guard Self.read(descriptor, into: &octets, at: place + 16),
            UInt64(checksum(of: octets)) == number(4..<8)
        else { return nil }
        return (Item(received: number(8..<16), octets: octets), place + 16 + length)
    }

    /// Whether an event is within the queue's bounds; where it cannot be appended, it is the disk's fault.
    func hasRoom(for octets: [UInt8]) -> Bool {
        octets.count <= Self.recordMax && waiting + octets.count + 16 <= bytesMax
    }

    /// Puts an event at the end; false where there is no room, or the disk has none.
    func append(_ octets: [UInt8], received: UInt64) -> Bool {
        guard hasRoom(for: octets) else { return false }
        if end + octets.count + 16 > 2 * bytesMax, head > Self.start, !compact() { return false }
        var record: [UInt8] = []
        record.reserveCapacity(octets.count + 16)
        Self.append(UInt64(octets.count), 4, to: &record)
        Self.append(UInt64(checksum(of: octets)), 4, to: &record)
        Self.append(received, 8, to: &record)
        record += octets
        guard Self.write(descriptor, record, at: end) else {
            ftruncate(descriptor, off_t(end))
            return false
        }
        end += record.count
        return true
    }

    /// The first that waits, and a token for ``remove(_:)``.
    func first() -> (item: Item, next: Int)? {
        guard !isEmpty else { return nil }
        if let found = record(at: head, size: end) { return found }
        // What cannot be read cannot be delivered, nor what is behind it.
        head = end
        return nil
    }

    /// Forgets the first, which was delivered.
    func remove(_ next: Int) {
        head = next
        if isEmpty, head > Self.start {
            head = Self.start
            end = Self.start
            _ = writeHead()
            ftruncate(descriptor, off_t(Self.start))
        } else {
            _ = writeHead()
        }
    }

    /// Moves what waits to the beginning of the file.
    private func compact() -> Bool {
        var octets = [UInt8](repeating: 0, count: waiting)
        guard Self.read(descriptor, into: &octets, at: head) else { return false }
        // The other way round a crash would lose what waits instead of delivering it twice.
        guard octets.count <= head - Self.start, Self.write(descriptor, octets, at: Self.start)
        else { return false }
        head = Self.start
        end = Self.start + octets.count
        guard writeHead() else { return false }
        ftruncate(descriptor, off_t(end))
        return true
    }

    private func writeHead() -> Bool {
        var octets: [UInt8] = []
        Self.append(UInt64(head), 8, to: &octets)
        return Self.write(descriptor, octets, at: 8)
    }

    private static func append(_ number: UInt64, _ count: Int, to octets: inout [UInt8]) {
        for index in 0..<count {
            octets.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index)))
        }
    }

    private static func read(_ file: CInt, into octets: inout [UInt8], at place: Int) -> Bool {
        var done = 0
        while done < octets.count {
            let count = unsafe octets.withUnsafeMutableBytes { memory in
                unsafe pread(
                    file, memory.baseAddress.map { unsafe $0 + done }, memory.count - done,
                    off_t(place + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    private static func write(_ file: CInt, _ octets: [UInt8], at place: Int) -> Bool {
        var done = 0
        while done < octets.count {
            let count = unsafe octets.withUnsafeBytes { memory in
                unsafe pwrite(
                    file, memory.baseAddress.map { unsafe $0 + done }, memory.count - done,
                    off_t(place + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}

/// FNV-1a, folded to 32 bits: a record that was written in part must not look whole.
func checksum(of octets: [UInt8]) -> UInt32 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for octet in octets { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3 }
    return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
}

/// Why a sink could not take an event.
public struct SinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// For people.
    public let description: String

    /// Says why.
    public init(_ description: String) { self.description = description }
}

/// The system's words for an `errno`.
func systemMessage(_ code: CInt) -> String {
    unsafe String(cString: strerror(code))
}
