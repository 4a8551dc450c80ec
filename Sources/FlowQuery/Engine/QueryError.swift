import Glibc

/// A request that cannot be answered.
public enum QueryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Rows cannot be grouped by this column.
    case notAKey(String)
    /// Only address columns can be cut to a prefix, at 0–32 bits (IPv4) and 0–128 bits (IPv6).
    case prefixImpossible(String)
    /// Only columns of numbers can be cut to steps, and a step is at least 1.
    case stepImpossible(String)
    /// More keys than an answer can have.
    case tooManyKeys(Int)
    /// The window has more buckets than an answer may have.
    case tooManyBuckets(UInt64)
    /// The system gave no memory for groups.
    case memoryRefused(octets: UInt64, errno: Int32)
    /// What does not fit into memory could not be written to a temporary file, or not read again.
    case spillFailed(directory: String, errno: Int32)

    /// Conversations do not have this field.
    case notOfConversations(String)
    /// What the request wants is not done of this kind of answer.
    case notTogether(String, String)

    /// Keys of one request at most.
    public static let keysMax = 32
    /// Buckets of one series at most.
    public static let bucketsMax: UInt64 = 10_000_000

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .notAKey(let name): "flows cannot be grouped by '\(name)'"
        case .prefixImpossible(let name):
            "'\(name)' cannot be cut so: only addresses have prefixes, of 0–32 bits for IPv4 and "
                + "0–128 for IPv6"
        case .stepImpossible(let name):
            "'\(name)' cannot be cut so: only columns of numbers have steps, and a step is at least "
                + "1 ms"
        case .tooManyKeys(let count): "\(count) keys; at most \(Self.keysMax) are possible"
        case .notOfConversations(let name):
            "conversations have no '\(name)'; they have "
                + Quantity.ofConversations.map { FlowOutput.quantity($0).column.name }
                .joined(separator: ", ")
        case .notTogether(let option, let answer): "\(option) is for \(answer) only"
        case .tooManyBuckets(let count):
            "the series would have \(count) buckets; at most \(Self.bucketsMax) are possible: choose "
                + "a longer step or a shorter window"
        case .memoryRefused(let octets, let number):
            "the system gave no memory for groups (\(octets) octets): \(Self.text(number)); "
                + "try a smaller --memory"
        case .spillFailed(let directory, let number):
            "a temporary file in \(directory) for groups that do not fit into memory: "
                + "\(Self.text(number)); name another folder with --temp-dir or allow more with "
                + "--memory"
        }
    }

    private static func text(_ number: Int32) -> String {
        unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    }
}
