import FlowModel
import FlowQuery
import FlowTestSupport
import Foundation
import Testing

@testable import SkeinCommand

/// Filters that read files, as the program finds them.
@Suite struct FilterFilesTests {
    private func write(_ text: String, _ name: String, in folder: TemporaryFolder) throws {
        try folder.write(name, Array(text.utf8))
    }

    private func error(_ text: String, in folder: TemporaryFolder) throws -> String {
        let files = FilterFiles(store: folder.url.path)
        let error = try #require(throws: FilterError.self) {
            try FlowFilter(parsing: text, sources: files)
        }
        return error.message
    }

    @Test func `sets are lists in a folder of the store`() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("sets"), withIntermediateDirectories: true)
        try write("192.0.2.1\n", "sets/scanners.txt", in: folder)
        try write("", "sets/.hidden.txt", in: folder)
        try write("", "sets/README", in: folder)
        let files = FilterFiles(store: folder.url.path)
        #expect(files.setNames == ["scanners"])
        let filter = try FlowFilter(parsing: "src ip in @scanners", sources: files)
        #expect(filter.expression.description == "srcip in [192.0.2.1]")
        #expect(
            try error("src ip in @scaners", in: folder)
                == "there is no set ‘@scaners’; did you mean ‘@scanners’? (column 11)")
        #expect(
            try error("src ip in @README", in: folder) == "there is no set ‘@README’ (column 11)")
    }

    @Test func `query and export take the same sets, and say alike where there is none`() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.pcap", SmallCapture.netflow5(flows: 3))
        try folder.skein("import", "--store", "s", "a.pcap")
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("s/sets"), withIntermediateDirectories: true)
        try write("10.0.0.2\n10.0.0.9\n", "s/sets/scanners.txt", in: folder)
        let asked = ["src ip in @scanners", "--store", "s"]
        let fields = ["--fields", "srcip,bytes"]
        for verb in [["query", "--output", "csv"], ["export", "--as", "csv"]] {
            let result = try Command.run(Command.skein, verb + asked + fields, in: folder)
            #expect(result.status == 0 && result.output == "srcip,bytes\n10.0.0.2,2000\n")
            let wrong = try Command.run(
                Command.skein, verb + ["src ip in @scaners", "--store", "s"], in: folder)
            #expect(wrong.status == 1 && wrong.errors.contains("did you mean ‘@scanners’?"))
        }
    }

    @Test func `paths in a file are relative to it, and links are one file`() throws {
        let folder = try TemporaryFolder()
        let root = folder.url.path
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("lists"), withIntermediateDirectories: true)
        try write("192.0.2.0/24\n", "lists/bad.txt", in: folder)
        try write("src ip in bad.txt and @include ../web", "lists/bad.filter", in: folder)
        try write("tcp", "web", in: folder)
        try write("@include link", "loop", in: folder)
        symlink("\(root)/loop", "\(root)/link")
        let files = FilterFiles(store: root)
        let filter = try FlowFilter(parsing: "@include \(root)/lists/bad.filter", sources: files)
        #expect(
            filter.expression.description
                == "(srcip in [192.0.2.0-192.0.2.255] and proto in [6])")
        let message = try error("@include \(root)/loop", in: folder)
        #expect(message.hasPrefix("a file includes itself:"))
        #expect(message.contains("/loop’ → ‘"))
    }

    @Test func `what cannot be read is said`() throws {
        let folder = try TemporaryFolder()
        let root = folder.url.path
        #expect(
            try error("src ip in \(root)/gone.txt", in: folder)
                .hasPrefix("‘\(root)/gone.txt’: no such file"))
        #expect(
            try error("src ip in \(root)", in: folder)
                .hasPrefix("‘\(root)’: a folder, not a file"))
        try folder.write("long", [UInt8](repeating: 0x20, count: 5000))
        let files = FilterFiles(store: root)
        #expect(throws: FilterSourceError("more than 4999 octets")) {
            try files.contents(of: "\(root)/long", bytesMax: 4999)
        }
        #expect(try files.contents(of: "\(root)/long", bytesMax: 5000).count == 5000)
        #expect(throws: FilterSourceError("more than 100000 octets")) {
            try files.contents(of: "/dev/zero", bytesMax: 100_000)
        }
    }

    @Test func `hosts have the addresses that the system knows`() throws {
        let addresses = try FilterFiles(store: "/").addresses(of: "localhost")
        #expect(!addresses.isEmpty)
        #expect(
            addresses.allSatisfy { [IPAddress("127.0.0.1"), IPAddress("::1")].contains($0) })
    }

    @Test func `a slip in the text is wrong usage, a file that is not there a failure`() throws {
        let folder = try TemporaryFolder()
        let usage = try Command.skein("query", "src ip in ./gone.txt and", in: folder)
        #expect(usage.status == 64 && usage.errors.contains("the filter ends where"))
        let failure = try Command.skein("query", "src ip in ./gone.txt", in: folder)
        #expect(failure.status == 1)
        #expect(
            failure.errors == """
                skein: ‘./gone.txt’: no such file (column 11)
                  src ip in ./gone.txt
                            ^^^^^^^^^^

                """)
    }

    @Test func `explain says what would be done, and does not do it`() throws {
        let folder = try TemporaryFolder()
        try folder.generate("flows.pcap", "v9", flows: 500)
        try folder.skein("import", "--store", "store", "flows.pcap")
        let answer = try Command.skein(
            "query", "--store", "store", "--explain", "--total",
            "tcp and (tcp or port 80) and dst ip localhost", in: folder)
        #expect(answer.status == 0 && answer.errors.isEmpty)
        let lines = answer.output.split(separator: "\n")
        #expect(lines.first?.hasPrefix("filter   (proto [6] and dstip [") == true)
        #expect(lines.contains { $0.hasPrefix("blocks   1: ") })
        #expect(lines.contains { $0.hasPrefix("note     ‘localhost’ is ") })
    }
}
