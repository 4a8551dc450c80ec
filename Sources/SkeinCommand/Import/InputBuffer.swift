/// The octets of a file that a parser has not consumed yet, refilled piece by piece.
struct InputBuffer: ~Copyable {
    private let file: InputFile
    private var bytes: [UInt8]
    private var filled = 0
    private(set) var isAtEnd = false

    /// - Parameter capacity: what a parser may need at once, at least; memory is bounded by it.
    init(_ file: consuming InputFile, capacity: Int) {
        self.file = file
        bytes = [UInt8](repeating: 0, count: max(capacity, 1 << 20))
    }

    /// The file's path, as it is named in messages.
    var path: String { file.path }

    /// Octets that are there and were not consumed.
    var pending: RawSpan {
        @_lifetime(borrow self) get { bytes.span.bytes.extracting(first: filled) }
    }

    /// Octets that are there and were not consumed.
    var pendingCount: Int { filled }

    /// Reads until the buffer is full or the file ends; answers how many octets came.
    mutating func refill() throws(InputError) -> Int {
        let before = filled
        while filled < bytes.count, !isAtEnd {
            let count = try file.read(into: &bytes, after: filled)
            filled += count
            isAtEnd = count == 0
        }
        return filled - before
    }

    /// Forgets the first `count` octets.
    mutating func consume(_ count: Int) {
        guard count > 0 else { return }
        bytes.withUnsafeMutableBytes { memory in
            let rest = UnsafeRawBufferPointer(rebasing: memory[count..<filled])
            memory.copyMemory(from: rest)
        }
        filled -= count
    }
}
