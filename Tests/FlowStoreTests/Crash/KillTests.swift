import FlowModel
import Foundation
import Testing

@testable import FlowStore

/// 200 writers killed at random moments, twenty after each other on one store.
@Suite struct KillTests {
    private static let program = URL(fileURLWithPath: "/proc/self/exe")
        .resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("crash-writer").path

    /// Rows of a batch, by its number; `CrashWriter` makes the same.
    private func rows(of number: UInt64) -> UInt64 { number % 17 + 1 }

    @Test(arguments: 1...10)
    func `after SIGKILL everything acknowledged is there once`(seed: UInt64) throws {
        let scratch = Scratch(in: access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")
        var random = Seeded(seed)
        var acknowledged: UInt64 = 0
        for turn in 0..<20 {
            let process = Process()
            let pipe = Pipe()
            process.executableURL = URL(fileURLWithPath: Self.program)
            process.arguments = [scratch.store]
            process.standardOutput = pipe
            try process.run()
            try pipe.fileHandleForWriting.close()
            // A random moment is what is wanted here: every other time of its start and recovery,
            // else of its work, which shows by what it says.
            var said = Data()
            if turn % 2 == 0 { said = pipe.fileHandleForReading.availableData }
            usleep(UInt32.random(in: 1...40_000, using: &random))
            kill(process.processIdentifier, SIGKILL)
            said += try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            #expect(process.terminationReason == .uncaughtSignal)
            // A line that it was killed within may be half a number.
            for line in said.split(separator: 10, omittingEmptySubsequences: false).dropLast() {
                let number = try #require(UInt64(String(decoding: line, as: UTF8.self)))
                acknowledged = max(acknowledged, number)
            }
            guard acknowledged > 0 else { continue }
            let reader = try StoreReader(directory: scratch.store)
            #expect(reader.damaged.isEmpty && reader.notices.isEmpty, "\(reader.notices)")
            let found = try numberedRows(of: reader)
            for (number, rows) in found where rows != Array(0..<self.rows(of: number)) {
                Issue.record("seed \(seed) turn \(turn): batch \(number) has rows \(rows)")
            }
            let lost = (1...acknowledged).filter { found[$0] == nil }
            #expect(lost.isEmpty, "seed \(seed) turn \(turn)")
        }
        #expect(acknowledged > 20)
    }
}
