import SkeinConfiguration
import Testing

@Suite struct HostileDocumentTests {
    @Test(arguments: [
        BadDocument(
            "store:\n\tpath: x", "f:2:1: a tab cannot indent in YAML; use blanks"),
        BadDocument(
            "store:\n  path: x\n \tlisten: y", "f:3:2: a tab cannot indent in YAML; use blanks"),
        BadDocument(
            "store: {path: x",
            "f:2:1: not YAML: while parsing a flow mapping that begins at 1:8: did not find expected ',' or '}'"
        ),
        BadDocument(
            "store: path: x", "f:1:12: not YAML: mapping values are not allowed in this context"),
        BadDocument(
            "store:\n  path: \"x",
            "f:2:11: not YAML: while scanning a quoted scalar that begins at 2:9: found unexpected end of stream"
        ),
        BadDocument(
            "listen:\n  - *:2055",
            "f:2:6: not YAML: a value that begins with * or & stands in quotes"),
        BadDocument(
            "z: &a [x]\nb: *a\n<<: {}\nlog: !!map {level: !info info}",
            "f:1:1: there is no setting ‘z’ here; there are store, listen, tls, receive-buffer, "
                + "queue-memory, exporters, forward, interface, user, geo, intel, alerts, http, log",
            "f:1:4: anchors (&name) are not taken here; write the value where it is used",
            "f:2:1: there is no setting ‘b’ here; there are store, listen, tls, receive-buffer, "
                + "queue-memory, exporters, forward, interface, user, geo, intel, alerts, http, log",
            "f:2:4: aliases (*name, <<) are not taken here; write the value out",
            "f:3:1: aliases (*name, <<) are not taken here; write the value out",
            "f:4:6: the tag ‘tag:yaml.org,2002:map’ means nothing here; leave it out",
            "f:4:20: the tag ‘!info’ means nothing here; leave it out"),
        BadDocument(
            "? [a, b]\n: c", "f:1:3: a key is a name, not a list or a mapping"),
        BadDocument(
            "log: {json: true}\n---\nlog: {json: false}",
            "f:2:1: a second document begins here; a configuration is one"),
        BadDocument(
            "log: {level: \"a\u{7}\"}",
            "f:1:16: octet 0x07 is not text in UTF-8; is it the right file?"),
        BadDocument(
            "log: {level: \"a\u{9f}\"}",
            "f:1:16: octet 0xc2 is not text in UTF-8; is it the right file?"),
    ])
    func `what is not such YAML`(document: BadDocument) {
        #expect(problems(document.text) == document.messages)
    }

    @Test func `binary files, other encodings and broken UTF-8`() {
        #expect(
            problems([0x7f] + Array("ELF".utf8)) == [
                "f:1:1: octet 0x7f is not text in UTF-8; is it the right file?"
            ])
        #expect(
            problems(Array("log:\n  é".utf8) + [0xe9, 0x0a]) == [
                "f:2:4: octet 0xe9 is not text in UTF-8; is it the right file?"
            ])
        #expect(
            problems([0xff, 0xfe, 0x61, 0x00]) == ["f:1:1: text in UTF-16; save it as UTF-8"])
        #expect(
            problems([0xf4]) == ["f:1:1: octet 0xf4 is not text in UTF-8; is it the right file?"])
    }

    @Test func `a file that is too large is not read`() {
        let line = Array("listen: []\n".utf8)
        var octets: [UInt8] = []
        while octets.count < 10_000_000 { octets += line }
        #expect(
            problems(octets) == [
                "f:1:1: larger than the 1 MiB that a configuration may have; is it the right file?"
            ])
    }

    @Test func `an anchor bomb is refused where it stands, and nothing is expanded`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<100 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let lines = problems(text)
        #expect(lines.count == ConfigurationErrors.problemsMax + 1)
        #expect(
            lines[0]
                == "f:1:5: anchors (&name) are not taken here; write the value where it is used")
        #expect(lines.last?.hasSuffix("more of the kind") == true)
    }

    @Test(arguments: [
        String(repeating: "[", count: 500_000), String(repeating: "{a: ", count: 100_000),
        String(repeating: "- ", count: 500_000), String(repeating: "? ", count: 500_000),
    ])
    func `what is nested too deep is not followed`(text: String) {
        let lines = problems(text)
        #expect(lines.count == 1)
        #expect(
            lines.first?.hasSuffix("lists and mappings lie more than 16 deep in each other") == true
                || lines.first?.contains("Maximum nesting level reached") == true)
    }

    @Test func `too many values end the reading`() {
        let text = "listen: [" + String(repeating: "a,", count: 200_000) + "]"
        let lines = problems(text)
        #expect(lines.contains("f:1:200004: more than 100000 values"))
        #expect(lines.count <= ConfigurationErrors.problemsMax + 1)
    }

    /// Every prefix of a document, and every document with one octet changed, is read or refused.
    @Test func `no document crashes`() {
        let text = Array(
            "store: {path: \"a\\x41\"}\nlisten:\n  - udp://[::1]:2055 # x\ngeo: {home: [{networks: [::/0]}]}\n"
                .utf8)
        for end in 0...text.count { _ = problems(Array(text[..<end])) }
        for index in text.indices {
            for octet in [
                0x00, 0x09, 0x0a, 0x20, 0x21, 0x22, 0x26, 0x2a, 0x3a, 0x5b, 0x7b, 0x80, 0xff,
            ]
                as [UInt8]
            {
                var changed = text
                changed[index] = octet
                _ = problems(changed)
            }
        }
    }
}
