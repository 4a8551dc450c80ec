import Dispatch
import Synchronization

/// Checks passwords, one after the other on a thread of its own: each takes much memory and a while on
/// purpose, and whoever sends many gets no more of either.
final class PasswordChecker: Sendable {
    private let queue = DispatchQueue(label: "skein.passwords", qos: .userInitiated)
    private let waiting = Atomic<Int>(0)
    /// Passwords that wait at most.
    static let waitingMax = 12

    /// Whether it is the password; nil where too many wait.
    func check(_ password: [UInt8], against hash: PasswordHash) async -> Bool? {
        let (before, _) = waiting.add(1, ordering: .relaxed)
        guard before < Self.waitingMax else {
            waiting.subtract(1, ordering: .relaxed)
            return nil
        }
        defer { waiting.subtract(1, ordering: .relaxed) }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: hash.matches(password)) }
        }
    }
}
