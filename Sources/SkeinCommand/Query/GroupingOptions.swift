import ArgumentParser
import FlowQuery
import Glibc

/// What is asked of groups besides their sums, and how much memory they may take.
struct GroupingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Count the different values of a field, or of several together, in each group, bucket or "
                + "the total: exact up to 100,000, then an estimate that is marked.",
            valueName: "a,b"))
    var distinct: String?

    @Option(
        help: ArgumentHelp(
            "Statistics of values in each group, bucket or the total: bytes,duration gives p50, p95, "
                + "p99 (within 1 %), min, max, mean of each; bytes:p50,p99.9 only these.",
            valueName: "a,b"))
    var stats: String?

    @Option(
        help: ArgumentHelp(
            "Memory for groups and sorted lists: 500M, 2G; what is more goes to temporary files "
                + "(default: a quarter of the machine's).",
            valueName: "size"))
    var memory: String?

    @Option(
        name: .customLong("temp-dir"),
        help: ArgumentHelp(
            "The folder for temporary files (default: $TMPDIR, else /tmp).", valueName: "dir"))
    var temporaryFolder: String?

    /// The least memory that can be asked for: each part of the groups wants a page or two.
    static let memoryMin = 16 << 20

    func validate() throws {
        if let memory { _ = try Self.octets(memory) }
        if temporaryFolder?.isEmpty == true {
            throw ValidationError("--temp-dir needs the name of a folder.")
        }
    }

    /// Puts what is asked for into a request.
    ///
    /// - Parameter isList: whether the request is a list of flows, of which none of this can be asked.
    func apply(
        to request: inout QueryRequest, isList: Bool, keys: (String, String) throws -> [GroupKey]
    ) throws {
        if let distinct {
            if isList { throw ValidationError("--distinct belongs to --by, --series or --total") }
            request.distinct = try keys(distinct, "--distinct")
        }
        if let stats {
            if isList { throw ValidationError("--stats belongs to --by, --series or --total") }
            do {
                request.statistics = try [ValueStatistics](parsing: stats)
            } catch {
                throw ValidationError("--stats: \(error)")
            }
        }
        if request.spread, distinct != nil || stats != nil {
            throw ValidationError("--distinct and --stats cannot be had with --spread")
        }
        if case .groups(_, .distinct, _) = request.kind, request.distinct.isEmpty {
            throw ValidationError("--order distinct needs --distinct")
        }
        if let memory { request.memory = try Self.octets(memory) }
    }

    /// Lets temporary files of this process go where they are wanted.
    func useTemporaryFolder() {
        if let temporaryFolder { setenv("TMPDIR", temporaryFolder, 1) }
    }

    /// Reads `512M`: K, M, G and T are powers of 1024.
    private static func octets(_ text: String) throws -> Int {
        let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
        let shift = text.uppercased().last.flatMap { units[$0] } ?? 0
        let digits = shift > 0 ? text.dropLast() : text[...]
        guard let number = Int(digits), number >= 0, digits.first != "+",
            number <= Int.max >> shift
        else {
            throw ValidationError("--memory: ‘\(text)’ is not a size such as 500M or 2G")
        }
        guard number << shift >= memoryMin else {
            throw ValidationError("--memory is at least \(memoryMin >> 20)M")
        }
        return number << shift
    }
}
