import FlowTestSupport
import Foundation
import Glibc
import Testing

@testable import SkeinServer

/// Little work, for tests that log in often.
let cheap = PasswordHash.Cost(logRounds: 1, blockSize: 1, parallelism: 1)

/// Puts somebody in a file; the password is `correct horse`, unless another is named.
func add(
    _ name: String, _ scope: AccessScope = .read, password: String = "correct horse",
    to file: AccessFile
) throws {
    let hash = try PasswordHash(password, cost: #require(cheap))
    try file.change { $0.put(.init(name: name, scope: scope, password: hash, changed: 1)) }
}

@Suite struct AccessFileTests {
    private let folder: TemporaryFolder
    private let file: AccessFile

    init() throws {
        folder = try TemporaryFolder()
        file = AccessFile(folder.path("ACCESS"))
    }

    private var mode: Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
        return attributes?[.posixPermissions] as? Int
    }

    @Test func `what is written is read, and only its owner may`() throws {
        #expect(try file.read().isEmpty)
        umask(0)
        try add("anna", .admin, to: file)
        let token = try file.change { list in
            list.add(token: "prometheus", scope: .read, created: 5, expires: 99)
        }
        #expect(mode == 0o600)
        let list = try file.read()
        #expect(list.users.map(\.name) == ["anna"])
        #expect(list.users.map(\.scope) == [.admin])
        #expect(list.tokens.map(\.expires) == [99])
        // Neither the password nor the token is in it.
        let text = try String(contentsOfFile: file.path, encoding: .utf8)
        #expect(token.hasPrefix("skein_") && token.count == 70)
        #expect(!text.contains(token.dropFirst(6)) && !text.contains("horse"))
        #expect(try AccessList(text: text) == list)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["ACCESS"])
    }

    @Test func `what others may read or change is refused`() throws {
        try add("anna", to: file)
        for mode: mode_t in [0o640, 0o604, 0o620, 0o666] {
            chmod(file.path, mode)
            #expect(throws: AccessFile.Failure.self) { try file.read() }
        }
        chmod(file.path, 0o400)
        #expect(try file.read().users.count == 1)
    }

    @Test func `links, folders and pipes are refused`() throws {
        let other = try folder.write("other", [])
        chmod(other, 0o600)
        try FileManager.default.createSymbolicLink(
            atPath: file.path, withDestinationPath: other)
        #expect(throws: AccessFile.Failure.self) { try file.read() }
        #expect(throws: AccessFile.Failure.self) { try add("anna", to: file) }
        unlink(file.path)
        mkdir(file.path, 0o700)
        #expect(throws: AccessFile.Failure.self) { try file.read() }
        rmdir(file.path)
        mkfifo(file.path, 0o600)
        #expect(throws: AccessFile.Failure.self) { try file.read() }
    }

    @Test func `a draft that lies there is replaced, a link in its place not followed`() throws {
        let other = try folder.write("other", Array("kept".utf8))
        try FileManager.default.createSymbolicLink(
            atPath: file.path + ".tmp", withDestinationPath: other)
        try add("anna", to: file)
        #expect(try String(contentsOfFile: other, encoding: .utf8) == "kept")
        #expect(try file.read().users.count == 1)
    }

    @Test(arguments: [
        "user anna read 1", "user anna read 1 scrypt:1:1:1:00:00", "user an:na read 1 x",
        "user anna root 1 x", "token a read 1 x 00", "token a read 1 - 00", "nobody",
        "user anna read 1 x y z", " ",
    ])
    func `a line that makes no sense is an error, not fewer users`(line: String) throws {
        try add("ben", to: file)
        let text = try String(contentsOfFile: file.path, encoding: .utf8)
        #expect(throws: AccessList.Damage(line: 3)) { try AccessList(text: text + line + "\n") }
        // A name that is there twice is not clear either.
        let twice = text + text.split(separator: "\n")[1]
        #expect(throws: AccessList.Damage(line: 3)) { try AccessList(text: twice) }
    }

    @Test func `who change it at once wait for each other`() async throws {
        let file = file
        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask { try await onThread { try add("user-\(number)", to: file) } }
            }
            try await group.waitForAll()
        }
        #expect(try file.read().users.count == 20)
    }

    @Test func `a change that throws changes nothing`() throws {
        try add("anna", to: file)
        #expect(throws: CancellationError.self) {
            try file.change { list in
                _ = list.remove(user: "anna")
                throw CancellationError()
            }
        }
        #expect(try file.read().users.count == 1)
    }

    @Test(arguments: ["", "a b", "a\nuser b admin", "ü", "a:b", String(repeating: "a", count: 65)])
    func `names cannot break a line`(name: String) { #expect(!AccessList.isName(name)) }
}

@Suite struct PasswordHashTests {
    @Test func `a hash is text and back, and has salt of its own`() throws {
        let cost = try #require(cheap)
        let first = try PasswordHash("correct horse", cost: cost)
        #expect(PasswordHash(text: first.text) == first)
        #expect(try PasswordHash("correct horse", cost: cost) != first)
        #expect(PasswordHash.Cost.standard.logRounds == 15)
    }

    @Test func `passwords have bounds`() throws {
        #expect(throws: PasswordHash.Refusal.short) { try PasswordHash("123456789") }
        #expect(throws: PasswordHash.Refusal.short) { try PasswordHash("") }
        #expect(throws: PasswordHash.Refusal.long) {
            try PasswordHash(String(repeating: "a", count: 1025))
        }
        #expect(throws: PasswordHash.Refusal.control) { try PasswordHash("correct\nhorse") }
    }

    @Test(arguments: [(0, 8, 1), (18, 8, 1), (15, 0, 1), (15, 8, 0), (17, 16, 1), (15, 8, 17)])
    func `a file cannot ask for too much work`(cost: (Int, Int, Int)) {
        #expect(
            PasswordHash.Cost(logRounds: cost.0, blockSize: cost.1, parallelism: cost.2) == nil)
    }

    /// RFC 7914 §12, cut to 32 octets as is kept here, by Python's scrypt, which is OpenSSL's.
    @Test func `the hash is scrypt`() throws {
        let text =
            "scrypt:14:8:1:000102030405060708090a0b0c0d0e0f:"
            + "531604fe738df33ae62cd2b994bfe3f573ed28c0d9e5547f875b6413189ce59a"
        let hash = try #require(PasswordHash(text: text))
        #expect(hash.text == text)
        #expect(hash.matches(Array("pleaseletmein".utf8)))
        #expect(!hash.matches(Array("pleaseletmeim".utf8)))
        #expect(!hash.matches([]))
    }
}
