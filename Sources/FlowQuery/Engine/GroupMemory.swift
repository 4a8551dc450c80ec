import Glibc

/// How the memory of one grouping is shared out.
///
/// Half for the records of all workers, a quarter for the values counted apart and the sketches where
/// they are asked for, the rest for groups that wait to be sorted.
final class GroupMemory: Sendable {
    /// Octets of records that one worker's sink may hold.
    let sinkOctets: Int
    /// Octets at which a sink looks for the first time whether records can be put together.
    let firstLevelOctets: Int
    /// Octets of sorted groups that one worker may hold.
    let sorterOctets: Int
    /// Where to goes what does not fit.
    let file: SpillFile

    init(_ request: QueryRequest, workers: Int) {
        let total = request.memoryOctets > 0 ? request.memoryOctets : Self.defaultOctets
        sinkOctets = total / 4 * 3 / workers
        sorterOctets = total / 4 / workers
        firstLevelOctets = (48 << 20) / workers
        file = SpillFile(directory: request.temporaryDirectory)
    }

    /// Words of a chunk: a page, or less where the memory would hold few of them.
    func chunkWords(stride: Int) -> Int {
        var words = 512
        while words / 2 > stride, words * 8 * GroupSink.parts * 4 > sinkOctets { words /= 2 }
        while words <= stride { words *= 2 }
        return words
    }

    /// A quarter of the machine's memory or of what the control group allows, at least 256 MiB.
    static var defaultOctets: Int {
        let pages = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        return max(min(pages, controlGroupOctets ?? pages) / 4, 256 << 20)
    }

    /// The limit of the control group of version 2 that a container is in, where there is one.
    private static var controlGroupOctets: Int? {
        let descriptor = unsafe open("/sys/fs/cgroup/memory.max", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 32)
        let count = unsafe max(read(descriptor, &text, text.count), 0)
        let digits = text.prefix(count).prefix { (48...57).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}
