import Glibc

/// Memory for records in chunks of one size: reserved once, made usable as it fills, never moved.
///
///     chunk 0            chunk 1                     chunk 2
///     [ not used … ]     [ chunk before | records ]  [ chunk before | records ] …
///
/// A chain of chunks is known by the word where its next record goes; each chunk names the one before
/// it, the first names 0. Chunks that were given back are used again before fresh ones, so what is
/// touched stays small. In large pages where the system has them: records are written all over.
@safe
final class RecordRegion {
    /// Words of a chunk, a power of two.
    let chunkWords: Int
    /// Chunks that are in use or were given back.
    private(set) var pool = ChunkPool()

    private let base: UnsafeMutablePointer<UInt64>
    private let mapping: UnsafeMutableRawPointer
    private let mappingSize: Int
    private let reserved: Int
    private var usable = 0
    private var given: Scratch<UInt32>

    private static var largePage: Int { 2 << 20 }
    /// Octets made usable in one go.
    private static var step: Int { 16 << 20 }

    /// Reserves address space for so many chunks; memory is taken only as they fill.
    init(chunks: Int, chunkWords: Int) throws {
        precondition(chunkWords > 1 && chunkWords & (chunkWords - 1) == 0)
        self.chunkWords = chunkWords
        let size = (chunks + 1) * chunkWords * 8
        reserved = (size + Self.step - 1) / Self.step * Self.step
        mappingSize = reserved + Self.largePage
        let mapped = unsafe mmap(
            nil, mappingSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            throw QueryError.memoryRefused(octets: UInt64(mappingSize), errno: errno)
        }
        unsafe mapping = mapped
        let aligned = unsafe mapped.alignedUp(toMultipleOf: Self.largePage)
        _ = unsafe madvise(aligned, reserved, Int32(MADV_HUGEPAGE))
        unsafe base = aligned.bindMemory(to: UInt64.self, capacity: reserved / 8)
        given = Scratch(unwritten: 1024)
    }

    deinit { unsafe munmap(mapping, mappingSize) }

    /// Octets of the chunks in use.
    var octets: Int { pool.used * chunkWords * 8 }

    /// The chunk that a chain ends in; 0 where there is none.
    @inline(__always)
    static func chunk(of cursor: Int, _ chunkWords: Int) -> Int { (cursor &- 1) / chunkWords }

    /// All words that are usable.
    var words: MutableSpan<UInt64> {
        @_lifetime(borrow self) get {
            let span = unsafe MutableSpan(_unsafeStart: base, count: usable)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// All words, to be read.
    var readable: Span<UInt64> {
        @_lifetime(borrow self) get {
            let span = unsafe Span(_unsafeStart: base, count: usable)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Makes sure that so many chunks can be taken.
    func reserve(_ chunks: Int) throws {
        let wanted = (pool.fresh + chunks) * chunkWords
        if wanted <= usable { return }
        let octets = min((wanted * 8 + Self.step - 1) / Self.step * Self.step, reserved)
        precondition(wanted * 8 <= octets)
        guard unsafe mprotect(base, octets, PROT_READ | PROT_WRITE) == 0 else {
            throw QueryError.memoryRefused(octets: UInt64(octets), errno: errno)
        }
        usable = octets / 8
    }

    /// Runs `body` with the words and with what gives out chunks, of which there are enough.
    func write(
        _ body: (inout MutableSpan<UInt64>, inout ChunkPool, Span<UInt32>) -> Void
    ) {
        let list = given
        var words = self.words
        body(&words, &pool, list.span)
    }

    /// Takes back the chunks of a chain.
    func release(chainTo cursor: Int) {
        var chunk = Self.chunk(of: cursor, chunkWords)
        while chunk != 0 {
            if pool.given == given.count {
                let wider = Scratch<UInt32>(unwritten: given.count * 2)
                for index in 0..<given.count { wider[index] = given[index] }
                given = wider
            }
            given[pool.given] = UInt32(chunk)
            pool.given += 1
            chunk = Int(readable[chunk * chunkWords])
        }
    }

    /// The chunks of a chain, the last first: where its records begin and how many words they take.
    func runs(chainTo cursor: Int, stride: Int) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var chunk = Self.chunk(of: cursor, chunkWords)
        var end = cursor
        while chunk != 0 {
            let start = chunk * chunkWords
            runs.append((start + 1)..<end)
            chunk = Int(readable[start])
            end = chunk * chunkWords + 1 + (chunkWords - 1) / stride * stride
        }
        return runs
    }
}

/// Which chunks of a region are free.
struct ChunkPool: BitwiseCopyable {
    /// Chunks that were given back, at the end of a list.
    var given = 0
    /// The first chunk never used.
    var fresh = 1

    /// Chunks in use.
    var used: Int { fresh - 1 - given }

    /// Takes a chunk.
    @inline(__always)
    mutating func take(_ list: Span<UInt32>) -> Int {
        if given > 0 {
            given &-= 1
            return Int(list[given])
        }
        defer { fresh &+= 1 }
        return fresh
    }
}
