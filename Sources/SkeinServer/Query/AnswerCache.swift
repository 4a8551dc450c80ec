import Synchronization

/// Answers that were just made, for those who say that such will do (`Cache-Control: max-age=8`).
///
/// Many pages look at the same: the first asks the store, the others get what it got, or wait for it.
final class AnswerCache: Sendable {
    /// An answer that came to its end.
    struct Answer: Sendable {
        let octets: [UInt8]
        let type: String
        let made: ContinuousClock.Instant

        var age: Duration { .now - made }
    }

    /// What whoever asks is to do.
    enum Turn: Sendable {
        /// Take this.
        case take(Answer)
        /// Ask the store, and put the answer here for others.
        case make(Duty)
        /// Ask the store; whoever should have made the answer could not.
        case ask
    }

    /// Somebody's duty to make an answer; where it is let go undone, those who wait ask themselves.
    final class Duty: Sendable {
        private let cache: AnswerCache
        private let question: String
        private let answer = Mutex<Answer?>(nil)

        fileprivate init(_ cache: AnswerCache, _ question: String) {
            self.cache = cache
            self.question = question
        }

        deinit { cache.end(question, with: answer.withLock { $0 }) }

        /// The answer, known to others as soon as the duty is let go.
        func put(_ octets: [UInt8], type: String) {
            answer.withLock { $0 = Answer(octets: octets, type: type, made: .now) }
        }
    }

    fileprivate struct State {
        var answers: [String: Answer] = [:]
        /// Questions, the oldest answer first.
        var order: [String] = []
        var octets = 0
        var waiting: [String: [CheckedContinuation<Turn, Never>]] = [:]
    }

    private let state = Mutex(State())
    /// Octets of an answer at most; what is larger is streamed and forgotten.
    static let answerMax = 1 << 20
    /// Octets of all answers at most.
    private let octetsMax: Int

    init(octetsMax: Int = 16 << 20) { self.octetsMax = octetsMax }

    /// Whose turn it is to answer a question.
    func turn(of question: String, within age: Duration) async -> Turn {
        await withCheckedContinuation { continuation in
            let turn = state.withLock { state -> Turn? in
                if let answer = state.answers[question], answer.age <= age { return .take(answer) }
                if state.waiting[question] != nil {
                    state.waiting[question]?.append(continuation)
                    return nil
                }
                state.waiting[question] = []
                return .make(Duty(self, question))
            }
            if let turn { continuation.resume(returning: turn) }
        }
    }

    private func end(_ question: String, with answer: Answer?) {
        let waiting = state.withLock { state in
            if let answer { state.put(answer, to: question, octetsMax: octetsMax) }
            return state.waiting.removeValue(forKey: question) ?? []
        }
        for reader in waiting { reader.resume(returning: answer.map { .take($0) } ?? .ask) }
    }

    /// Octets that are kept.
    var octets: Int { state.withLock { $0.octets } }
}

extension AnswerCache.State {
    fileprivate mutating func put(
        _ answer: AnswerCache.Answer, to question: String, octetsMax: Int
    ) {
        if let old = answers.updateValue(answer, forKey: question) {
            octets -= old.octets.count
            order.removeAll { $0 == question }
        }
        octets += answer.octets.count
        order.append(question)
        while octets > octetsMax, !order.isEmpty {
            octets -= answers.removeValue(forKey: order.removeFirst())?.octets.count ?? 0
        }
    }
}

extension Duration {
    /// How old an answer may be by `Cache-Control` (RFC 9111 §5.2.1.1); nil where it must be new.
    init?(maxAgeIn header: String?) {
        let directives = (header ?? "").lowercased().split(separator: ",").map {
            $0.filter { $0 != " " }
        }
        guard let age = directives.first(where: { $0.hasPrefix("max-age=") }),
            let seconds = UInt32(age.dropFirst("max-age=".count)), seconds > 0
        else { return nil }
        self = .seconds(min(seconds, 60))
    }
}
