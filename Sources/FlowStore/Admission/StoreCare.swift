/// Looks after a store: as its writer, or by asking the server that holds it.
///
/// Readers go on meanwhile, and so does the server with what arrives.
public final class StoreCare {
    private enum Hold {
        case own(LiveWriter)
        /// Another process holds the store, and does what it is asked for.
        case server
    }
    private let hold: Hold
    private let directory: StoreDirectory
    /// What of the last work could not be read and was left as it is, a line each.
    public private(set) var unreadable: [String] = []

    /// Opens a store to look after it.
    ///
    /// - Throws: also where another process holds the store that does nothing for others.
    public init(_ path: String) throws(StoreError) {
        directory = StoreDirectory(path: path)
        do throws(StoreError) {
            hold = .own(try LiveWriter(directory: path, merges: false))
        } catch {
            guard case .locked = error.cause,
                try LocalSocket.connected(to: directory.gate) != nil
            else { throw error }
            hold = .server
        }
    }

    deinit { close() }

    /// What was found and mended when the store was opened.
    public var notices: [StoreNotice] {
        switch hold {
        case .own(let writer): writer.notices
        case .server: []
        }
    }

    /// Makes segments of what a stopped writer left in the journal, and merges those of the same time.
    public func compact() throws(StoreError) -> CompactionSummary {
        guard case .own(let writer) = hold else {
            return try answer(to: .compact) { CompactionSummary($0) }
        }
        try writer.publish()
        let summary = try writer.compact()
        unreadable = summary.answer.unreadable
        return summary
    }

    /// Deletes segments that a policy does not keep.
    ///
    /// - Parameter now: ms since 1970.
    public func expire(_ policy: RetentionPolicy, now: UInt64) throws(StoreError) -> ExpirySummary {
        guard case .own(let writer) = hold else {
            return try answer(to: .expire(policy, now: now)) { ExpirySummary($0) }
        }
        return try writer.expire(policy, now: now)
    }

    /// Makes rollups that are missing, and anew those that later sampling rates have made wrong.
    public func rollUp() throws(StoreError) -> RollupSummary {
        guard case .own(let writer) = hold else {
            return try answer(to: .rollUp) { RollupSummary($0) }
        }
        let summary = try writer.rollUp()
        unreadable = summary.answer.unreadable
        return summary
    }

    /// Lets the store go.
    public func close() {
        if case .own(let writer) = hold { writer.close() }
    }

    /// Has the holder do something, and waits for it.
    private func answer<Summary>(
        to task: StoreTask, _ read: (StoreTask.Answer) -> Summary?
    ) throws(StoreError) -> Summary {
        guard let socket = try LocalSocket.connected(to: directory.gate) else { throw isGone }
        // Where that does not arrive there is an answer already, or none.
        _ = socket.send(.task(task, version: AdmissionMessage.version))
        guard case .answer(let answer) = try socket.answer(directory),
            let summary = read(answer)
        else { throw isGone }
        unreadable = answer.unreadable
        return summary
    }

    private var isGone: StoreError {
        StoreError(
            path: directory.path,
            cause: .notAdmitted(reason: "it has ended meanwhile; try again"))
    }
}
