import FlowIntel
import FlowTestSupport
import Foundation
import Glibc
import SkeinConfiguration
import SkeinServer
import Testing

/// Exports of a running server: files that it keeps up to date, and over HTTP.
@Suite struct IntelExportTests {
    @Test func `the formats of the configuration and of the API are all that there are`() throws {
        let all = ExportFormat.allCases.map(\.rawValue)
        #expect(IntelExport.formats == all)
        let value =
            try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.text.utf8))
            as? [String: Any]
        let paths = value?["paths"] as? [String: [String: [String: Any]]]
        let get = paths?["/api/v1/intel/export/{format}"]?["get"]
        let parameters = get?["parameters"] as? [[String: Any]]
        let schema = parameters?.first { $0["name"] as? String == "format" }?["schema"]
        #expect((schema as? [String: Any])?["enum"] as? [String] == all)
    }

    private struct Scene {
        let folder: TemporaryFolder
        let program: RunningProgram
        let page: UInt16

        func lines(_ name: String) -> [Substring] {
            ((try? String(contentsOfFile: folder.path(name), encoding: .utf8)) ?? "")
                .split(separator: "\n")
        }
    }

    /// A server that keeps three files, each with a command that adds a line to another one.
    private func configure(_ folder: TemporaryFolder, allow: String = "") throws {
        try folder.write(
            "skein.yaml",
            Array(
                """
                store: {path: \(folder.path("store"))}
                listen: [udp://127.0.0.1:0]
                receive-buffer: 1Mi
                geo: {countries: none}
                http: {listen: "127.0.0.1:0"}
                intel:
                  database: \(folder.path("intel.sqlite"))
                  allow: [\(allow)]
                  sources:
                    - {name: bad, path: \(folder.path("bad.txt"))}
                    - {name: worse, path: \(folder.path("worse.txt"))}
                  exports:
                    - {format: rpz, path: \(folder.path("rpz.zone")), then: [sh, -c, 'echo "$0" >> "$1"', zone, \(folder.path("ran"))]}
                    - {format: silk-v4, path: \(folder.path("set.txt")), sources: [worse], then: [sh, -c, 'echo set $(tail -n 1 \(folder.path("set.txt"))) >> \(folder.path("ran"))']}
                    - {format: nftables, path: \(folder.path("no/such/folder")), set-name: bad}

                """.utf8))
    }

    private func scene() throws -> Scene {
        let folder = try TemporaryFolder()
        try folder.write("bad.txt", Array("evil.example\n203.0.113.0/24\n".utf8))
        try folder.write("worse.txt", Array("198.51.100.7\n".utf8))
        try configure(folder)
        let program = try RunningProgram(
            [Command.skein, "serve", "--config", folder.path("skein.yaml")], in: folder)
        try program.wait(for: "getting ready") { program.errors.contains("ready; storing") }
        let rest = program.errors.components(separatedBy: "serving http://127.0.0.1:").dropFirst()
        let page = try #require(rest.first.flatMap { UInt16($0.prefix { $0.isNumber }) })
        return Scene(folder: folder, program: program, page: page)
    }

    @Test func `files follow what is listed, and only what has changed is touched`() async throws {
        try await onThread {
            let scene = try scene()
            let (folder, program) = (scene.folder, scene.program)
            try program.wait(for: "both lists and their files") {
                scene.lines("rpz.zone").contains("evil.example CNAME .")
                    && scene.lines("rpz.zone").contains("32.7.100.51.198.rpz-ip CNAME .")
                    && scene.lines("ran").contains("set 198.51.100.7/32")
            }
            try program.wait(for: "the trouble of one") {
                program.errors.contains("/no/such/folder is not written: cannot open")
            }
            #expect(!program.errors.contains("\(folder.path("set.txt")) is written, but"))
            let sets = scene.lines("ran").filter { $0.hasPrefix("set") }.count
            let identity = try inode(folder.path("set.txt"))
            // Of what changes, only the zone has something.
            try folder.write("bad.txt", Array("evil.example\nevil2.example\n203.0.113.0/24\n".utf8))
            try program.wait(for: "the new name") {
                scene.lines("rpz.zone").contains("evil2.example CNAME .")
            }
            try program.wait(for: "its command") {
                scene.lines("ran").last == "zone"
            }
            #expect(scene.lines("ran").filter { $0.hasPrefix("set") }.count == sets)
            #expect(try inode(folder.path("set.txt")) == identity)
            // A reload changes what is allowed, and with it the files.
            try configure(folder, allow: "evil2.example")
            program.send(SIGHUP)
            try program.wait(for: "the reload") {
                scene.lines("rpz.zone").contains("evil2.example CNAME rpz-passthru.")
            }
            #expect(program.end(SIGTERM) == 0)
        }
    }

    private func inode(_ path: String) throws -> UInt64 {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.systemFileNumber] as? UInt64)
    }

    @Test func `what is listed is served, and made anew only when it changes`() async throws {
        try await onThread {
            let scene = try scene()
            let path = "/api/v1/intel/export/rpz"
            func served(_ path: String, _ headers: [String] = []) throws -> HTTPAnswer {
                try ask(scene.page, path, headers: headers)
            }
            try scene.program.wait(for: "both lists") {
                let text = try served(path).text
                return text.contains("evil.example CNAME .") && text.contains("198.rpz-ip")
            }
            let first = try served(path)
            #expect(first.status == 200 && first.isWhole)
            let tag = try #require(first.headers["etag"])
            #expect(try served(path, ["If-None-Match: \(tag)"]).status == 304)
            let only = try served("/api/v1/intel/export/silk-v4?sources=worse")
            #expect(only.text.hasSuffix("\n198.51.100.7/32\n"))
            let named = try served("/api/v1/intel/export/nftables?set-name=mine")
            #expect(named.text.contains("add table inet mine\n"))
            for wrong in ["sources=worst", "sources=,", "revision=100", "set-name=a%20b", "x=1"] {
                #expect(try served("\(path)?\(wrong)").status == 400, "\(wrong)")
            }
            let hint = try served("\(path)?sources=worst").text
            #expect(hint.contains("did you mean ‘worse’?"))
            for format in ExportFormat.allCases {
                let answer = try served("/api/v1/intel/export/\(format.rawValue)")
                #expect(answer.status == 200, "\(format)")
                #expect(answer.headers["content-type"] == format.mediaType)
            }
            try scene.folder.write("bad.txt", Array("evil.example\n203.0.113.0/25\n".utf8))
            try scene.program.wait(for: "the new list") {
                try served(path, ["If-None-Match: \(tag)"]).status == 200
            }
            let second = try served(path, ["If-None-Match: \(tag)"])
            #expect(second.text.contains("25.0.113.0.203.rpz-ip CNAME ."))
            #expect(second.headers["etag"] != tag)
            #expect(try served("/metrics").text.contains("skein_intel_exports_written_total"))
            #expect(scene.program.end(SIGTERM) == 0)
        }
    }
}
