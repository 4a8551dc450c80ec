/// Why a store could not be read or written: what, where, and what to do about it.
public struct StoreError: Error, Hashable, Sendable {
    /// What went wrong.
    public enum Cause: Hashable, Sendable {
        /// The system refused an operation; `code` is its `errno`.
        case system(operation: String, code: Int32)
        /// The directory does not exist.
        case missing
        /// The directory has no manifest, so it is not a store.
        case notAStore
        /// The directory has segments or a journal, but no manifest that can be read.
        case manifestMissing
        /// Another writer holds the store; its process id where it is known.
        case locked(owner: Int32?)
        /// The process that holds the store does not let another add to it, or does nothing for it.
        case notAdmitted(reason: String)
        /// The file is of a format version that this build does not know.
        case newerVersion(found: Int, known: Int)
        /// The file does not hold what was written to it.
        case damaged(Damage)
        /// One row needs more octets in `other` than a block may have.
        case tooLarge(octets: Int)
        /// The writer has finished, was abandoned or has failed.
        case closed
    }

    /// The file or directory.
    public let path: String
    /// Where in the file, in octets; nil where that says nothing.
    public let offset: UInt64?
    /// What went wrong.
    public let cause: Cause

    /// Names a failure.
    public init(path: String, offset: UInt64? = nil, cause: Cause) {
        self.path = path
        self.offset = offset
        self.cause = cause
    }
}

/// How stored octets fail to be what a writer wrote.
public enum Damage: Error, Hashable, Sendable {
    /// There are fewer octets than there must be.
    case truncated(need: UInt64, have: UInt64)
    /// The octets at the start or end that name the format are others.
    case magic
    /// The checksum of `part` does not fit its octets.
    case checksum(part: String)
    /// `part` decompresses to something else than its directory says.
    case compression(part: String)
    /// A number of `part` lies outside what the format allows.
    case value(part: String)
    /// The file is not the one that the manifest names.
    case other
}

extension StoreError: CustomStringConvertible {
    /// What, where, and what to do.
    public var description: String {
        let place = offset.map { "\(path), octet \($0)" } ?? path
        switch cause {
        case .system(let operation, let code):
            return "cannot \(operation) \(place): \(systemMessage(code))\(Self.advice(code))"
        case .missing:
            return "\(path): no such store; name another with --store, or import something first"
        case .notAStore:
            return "\(path) is not a store: it has no MANIFEST; name another directory with --store"
        case .manifestMissing:
            return
                "\(path) has no MANIFEST that is whole, nor a copy of it, and nothing was touched: "
                + "skein store verify --repair --store \(path) makes a new one of the segments"
        case .locked(let owner):
            let who = owner.map { "process \($0)" } ?? "another process"
            return "\(path) is being written by \(who); try again when it has finished"
        case .notAdmitted(let reason):
            return "\(path) is held by skein serve, and nothing was done: \(reason)"
        case .newerVersion(let found, let known):
            return "\(path) is of format version \(found), this skein knows up to \(known): "
                + "use a newer skein"
        case .damaged(let damage):
            return "\(place) is damaged: \(damage)"
        case .tooLarge(let octets):
            return "\(path): \(octets) octets of elements without a column are too many for a block"
        case .closed:
            return "\(path): the writer is closed"
        }
    }

    private static func advice(_ code: Int32) -> String {
        switch code {
        case SystemCode.noSpace, SystemCode.quota:
            "; the store is as it was: make room and try again"
        case SystemCode.noPermission:
            "; check who owns the store and who you are"
        default: ""
        }
    }
}

extension Damage: CustomStringConvertible {
    /// What does not fit.
    public var description: String {
        switch self {
        case .truncated(let need, let have): "\(need) octets are needed, \(have) are there"
        case .magic: "it does not begin or end as such a file does"
        case .checksum(let part): "the checksum of the \(part) does not fit"
        case .compression(let part): "the \(part) cannot be decompressed"
        case .value(let part): "the \(part) is not possible"
        case .other: "it is not the file that the manifest names"
        }
    }
}
