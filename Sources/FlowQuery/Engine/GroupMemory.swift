import Glibc

/// How the memory of one grouping is shared out: three quarters to the records that wait to be put
/// together, the rest to the groups that wait to be sorted.
struct GroupMemory: Sendable {
    /// Octets of records that one sink may hold.
    let sinkOctets: Int
    /// Octets at which a sink looks for the first time whether records can be put together.
    let firstLevelOctets: Int
    /// Octets of sorted groups that one worker may hold.
    let sorterOctets: Int

    init(octets: Int, workers: Int, sinksOfWorker: Int) {
        let total = max(octets, 0)
        sinkOctets = total / 4 * 3 / workers / sinksOfWorker
        sorterOctets = total / 4 / workers
        firstLevelOctets = (128 << 20) / workers
    }

    /// Words of a chunk: a page, or less where the memory would hold few of them.
    func chunkWords(stride: Int) -> Int {
        var words = 512
        while words / 2 > stride, words * 8 * GroupSink.parts * 4 > sinkOctets { words /= 2 }
        while words <= stride { words *= 2 }
        return words
    }
}

extension QueryRequest {
    /// What ``memory`` is where nothing else is said: a quarter of the machine's memory, or of what
    /// the control group allows where that is less; at least 256 MiB.
    public static let memoryDefault: Int = {
        let octets = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        return max(min(octets, controlGroupOctets ?? octets) / 4, 256 << 20)
    }()

    /// The limit of the control group (version 2) that a container is in, where there is one.
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
