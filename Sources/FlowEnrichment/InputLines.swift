import Glibc

/// The system's words for an `errno`.
func systemMessage(_ code: Int32) -> String {
    unsafe String(cString: strerror(code))
}

/// Hands on a file in pieces of whole lines.
///
/// Pieces end with a line feed; the last line of the file is given one where it has none.
func forEachPiece(
    ofLinesIn path: String, _ body: (Span<UInt8>) throws(DatabaseError) -> Void
) throws(DatabaseError) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw DatabaseError(path: path, cause: .system(errno)) }
    defer { close(descriptor) }
    var octets = [UInt8](repeating: 0, count: 1 << 18)
    var filled = 0
    while true {
        // One octet stays free for the line feed that a last line may lack.
        let room = octets.count - 1 - filled
        let start = filled
        let count = unsafe octets.withUnsafeMutableBytes { memory in
            unsafe read(
                descriptor, memory.baseAddress.map { unsafe $0 + start }, room)
        }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw DatabaseError(path: path, cause: .system(errno)) }
        filled += count
        if count == 0 {
            guard filled > 0 else { return }
            octets[filled] = UInt8(ascii: "\n")
            try body(octets.span.extracting(0...filled))
            return
        }
        guard let end = octets[..<filled].lastIndex(of: UInt8(ascii: "\n")) else {
            // No line of a database is so long.
            guard filled < octets.count - 1 else {
                throw DatabaseError(path: path, cause: .line(1))
            }
            continue
        }
        try body(octets.span.extracting(0...end))
        let rest = filled - end - 1
        for index in 0..<rest { octets[index] = octets[end + 1 + index] }
        filled = rest
    }
}
