import FlowTestSupport
import Foundation
import Glibc

/// A `skein import` that has read a capture from a pipe and waits for more of it.
final class StalledImport {
    private let process = Process()
    private let pipe = Pipe()

    /// Answers when all but what a pipe holds (64 KiB) of `capture` was read, so with the lock held.
    init(_ capture: [UInt8], into store: String, in folder: TemporaryFolder) throws {
        process.executableURL = URL(fileURLWithPath: Command.skein)
        process.arguments = ["import", "--store", store, "-"]
        process.currentDirectoryURL = folder.url
        process.standardInput = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        // A program that ended early is an error of the write, not the end of the tests.
        signal(SIGPIPE, SIG_IGN)
        // A program that is started meanwhile must not keep the pipe open.
        _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        try process.run()
        try pipe.fileHandleForWriting.write(contentsOf: Data(capture))
    }

    /// Its process.
    var id: Int32 { process.processIdentifier }

    /// Lets the capture end and answers the exit status.
    func finish() throws -> Int32 {
        try pipe.fileHandleForWriting.close()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Ends it by a signal that no program can catch.
    func kill() {
        Glibc.kill(id, SIGKILL)
        process.waitUntilExit()
    }
}
