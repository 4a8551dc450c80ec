import SkeinConfiguration
import Testing

/// A document, and all that is said of it.
struct BadDocument: Sendable, CustomTestStringConvertible {
    let text: String
    let messages: [String]

    init(_ text: String, _ messages: String...) {
        self.text = text
        self.messages = messages
    }

    var testDescription: String { text }
}

@Suite struct ProblemTests {
    @Test(arguments: [
        BadDocument(
            "listne: []", "f:1:1: there is no setting ‘listne’ here; did you mean ‘listen’?"),
        BadDocument(
            "store:\n  maxage: 3d",
            "f:2:3: store: there is no setting ‘maxage’ here; there are path, commit-interval, "
                + "retention"),
        BadDocument(
            "store:\n  retention:\n    maxAge: 3d\n    max_size: 3G",
            "f:3:5: store.retention: there is no setting ‘maxAge’ here; did you mean ‘max-age’?",
            "f:4:5: store.retention: there is no setting ‘max_size’ here; did you mean ‘max-size’?"),
        BadDocument(
            "max-age: 3d",
            "f:1:1: there is no setting ‘max-age’ here; did you mean ‘store.retention.max-age’?"),
        BadDocument(
            "pages: []",
            "f:1:1: there is no setting ‘pages’ here; there are store, listen, tls, receive-buffer, "
                + "queue-memory, exporters, forward, interface, user, geo, intel, alerts, http, log"
        ),
        BadDocument(
            "log: {level: info}\nhttp: {listen: none}\nlog: {json: true}",
            "f:3:1: ‘log’ stands here twice, first in line 1; only one can hold"),
        BadDocument(
            "log: info", "f:1:6: log: settings (level, json …) must stand here, not ‘info’"),
        BadDocument(
            "- log", "f:1:1: settings (store, listen, tls …) must stand here, not a list"
        ),
        BadDocument(
            "just text",
            "f:1:1: settings (store, listen, tls …) must stand here, not ‘just text’"),
        BadDocument(
            "log:\n  level:",
            "f:2:9: log.level: a value is missing, a level; leave the key out for the default"),
        BadDocument(
            "log: {level: [info]}", "f:1:14: log.level: a level must stand here, not a list"),
        BadDocument(
            "log: {level: warn}",
            "f:1:14: log.level: ‘warn’ is not a level; did you mean ‘warning’?"),
        BadDocument(
            "log: {level: loud}",
            "f:1:14: log.level: ‘loud’ is not a level; it is one of trace, debug, info, notice, "
                + "warning or error"),
        BadDocument("log: {json: maybe}", "f:1:13: log.json: ‘maybe’ is not true or false"),
    ])
    func `keys and shapes`(document: BadDocument) {
        #expect(problems(document.text) == document.messages)
    }

    @Test(arguments: [
        (
            "90",
            "‘90’ is not a length of time; a unit is missing: 90s, 90min, 90h or 90d"
        ),
        ("90 days", "‘90 days’ is not a length of time; write 200ms, 90s, 5min, 1h30min or 7d"),
        (
            "90days",
            "‘90days’ is not a length of time; the units are ms, s, min, h, d, w: 90d"
        ),
        ("3y", "‘3y’ is not a length of time; the units are ms, s, min, h, d, w"),
        ("-3d", "‘-3d’ is not a length of time; write 200ms, 90s, 5min, 1h30min or 7d"),
        ("soon", "‘soon’ is not a length of time; write 200ms, 90s, 5min, 1h30min or 7d"),
        ("59s", "‘59s’ is out of range; it goes from 1min to 36600d"),
        (
            "99999999999999999999d",
            "‘99999999999999999999d’ is not a length of time; the units are ms, s, min, h, d, w"
        ),
        ("999999999d", "‘999999999d’ is out of range; it goes from 1min to 36600d"),
    ])
    func durations(text: String, message: String) {
        #expect(
            problems("store: {retention: {max-age: \(text)}}")
                == ["f:1:30: store.retention.max-age: " + message])
    }

    @Test(arguments: [
        ("200X", "‘200X’ is not a size; write 500M, 200G, 1.5T, or binary 64Mi, 1Gi (octets)"),
        ("G", "‘G’ is not a size; write 500M, 200G, 1.5T, or binary 64Mi, 1Gi (octets)"),
        ("-1G", "‘-1G’ is not a size; write 500M, 200G, 1.5T, or binary 64Mi, 1Gi (octets)"),
        ("1e9", "‘1e9’ is not a size; write 500M, 200G, 1.5T, or binary 64Mi, 1Gi (octets)"),
        ("99M", "‘99M’ is out of range; it goes from 100M to 1000P"),
        (
            "1000000P",
            "‘1000000P’ is not a size; write 500M, 200G, 1.5T, or binary 64Mi, 1Gi (octets)"
        ),
    ])
    func sizes(text: String, message: String) {
        #expect(
            problems("store: {retention: {max-size: \(text)}}")
                == ["f:1:31: store.retention.max-size: " + message])
    }

    @Test(arguments: [
        (
            "listen: tls://*:4740",
            "1:1: listen: ‘tls://*:4740’ needs tls.certificate and tls.key, PEM files of who Skein is"
        ),
        (
            "{listen: 'tls://*', tls: {key: k}}",
            "1:2: listen: ‘tls://*:4740’ needs tls.certificate, PEM files of who Skein is"
        ),
        (
            "tls: {certificate: c}",
            "1:7: tls.certificate: it goes together with tls.key, which is missing"
        ),
    ])
    func `TLS needs its files`(text: String, message: String) {
        #expect(problems(text) == ["f:" + message])
    }

    @Test(arguments: [
        (
            "2055",
            "‘2055’ is not a place to listen; udp://, tcp:// or tls:// is missing in front, as in udp://*:2055"
        ),
        (
            "http://*:80",
            "‘http://*:80’ is not a place to listen; it begins with udp://, tcp:// or tls://"
        ),
        (
            "udp://*",
            "‘udp://*’ is not a place to listen; the port is missing, as in udp://[::1]:2055"
        ),
        (
            "udp://[::1]",
            "‘udp://[::1]’ is not a place to listen; the port is missing, as in udp://[::1]:2055"
        ),
        (
            "udp://::1:2055",
            "‘udp://::1:2055’ is not a place to listen; an IPv6 address stands in brackets before its "
                + "port: udp://[::1]:2055"
        ),
        ("udp://*:70000", "‘udp://*:70000’ is out of range; it goes from port 0 to 65535"),
        ("udp://*:x", "‘udp://*:x’ is not a place to listen; the port is a number from 0 to 65535"),
        (
            "udp://router:2055",
            "‘udp://router:2055’ is not a place to listen; ‘router’ is not an address (names are not "
                + "looked up)"
        ),
    ])
    func `places to listen`(text: String, message: String) {
        #expect(problems("listen:\n  - \"\(text)\"") == ["f:2:5: listen: " + message])
    }

    @Test(arguments: [
        ("10.0.0.1/8", "; it has bits beyond its length; the block is 10.0.0.0/8"),
        ("10.0.0.0/33", "; the length 33 is not from 0 to 32"),
        ("2001:db8::/129", "; the length 129 is not from 0 to 128"),
        ("10.0.0", ""), ("10.0.0.0/x", ""), ("example.org", ""),
    ])
    func prefixes(text: String, hint: String) {
        #expect(
            problems("exporters: {allow: \"\(text)\"}") == [
                "f:1:20: exporters.allow: ‘\(text)’ is not a prefix such as 192.0.2.0/24 or "
                    + "2001:db8::/32" + hint
            ])
    }

    @Test(arguments: [
        BadDocument(
            "http: {listen: \"[::]:80\"}",
            "f:1:8: http.listen: ‘[::]:80’ can be reached from other machines, which would send passwords "
                + "in plain text: name http.tls.certificate and http.tls.key, or set http.plain to true "
                + "where a web server in front speaks TLS"),
        BadDocument(
            "http: {tls: {key: k}}",
            "f:1:14: http.tls.key: it goes together with http.tls.certificate, which is missing"),
        BadDocument(
            "http: {listen: 8055}",
            "f:1:16: http.listen: ‘8055’ is not an address and a port; the port is missing, as in "
                + "[::1]:8055"),
        BadDocument(
            "http: {hosts: [\"http://a\"], queries: 0, query-time: 1ms}",
            "f:1:16: http.hosts: ‘http://a’ is not a host name; a name only, without scheme and port: "
                + "flows.example.org",
            "f:1:38: http.queries: ‘0’ is out of range; it goes from 1 to 64",
            "f:1:53: http.query-time: ‘1ms’ is out of range; it goes from 100ms to 36600d"),
        BadDocument(
            "interface: {name: eth/0, active-timeout: 5, bpf: [tcp]}",
            "f:1:19: interface.name: ‘eth/0’ is not a network interface; it has at most 15 letters, as "
                + "in eth0",
            "f:1:42: interface.active-timeout: ‘5’ is not a length of time; a unit is missing: 5s, "
                + "5min, 5h or 5d",
            "f:1:50: interface.bpf: a filter of packets must stand here, not a list"),
        BadDocument(
            "user: root:root",
            "f:1:7: user: ‘root:root’ is not a user; a name, as in skein"),
        BadDocument(
            "forward: [\"udp://*:2056\", \"tcp://192.0.2.1:1\"]",
            "f:1:11: forward: ‘udp://*:2056’ is not another collector's place; ‘*’ is not an address "
                + "(names are not looked up)",
            "f:1:27: forward: ‘tcp://192.0.2.1:1’ is not another collector's place; datagrams are sent "
                + "on by UDP only"),
        BadDocument(
            "store: {path: ~/flows}",
            "f:1:15: store.path: ‘~/flows’ is not a path; ‘~’ is a word of the shell; write the folder "
                + "out"),
    ])
    func `other values`(document: BadDocument) {
        #expect(problems(document.text) == document.messages)
    }

    @Test(arguments: [
        BadDocument(
            "geo:\n  home:\n    - country: CH\n    - networks: []\n    - {networks: 192.0.2.0/24, from: 2024-02, to: 2024-01}",
            "f:3:7: geo.home: ‘networks’ is missing, as in {networks: [192.0.2.0/24], country: CH}",
            "f:4:7: geo.home: ‘networks’ is an empty list; name at least one",
            "f:5:7: geo.home: ‘to’ is not later than ‘from’, so the networks would never be yours"),
        BadDocument(
            "geo:\n  home: {networks: 192.0.2.0/24}",
            "f:2:9: geo.home: a list of entries (each begins with “- ”) must stand here, not a mapping"
        ),
        BadDocument(
            "geo: {home: [{networks: 192.0.2.1, from: -1h, country: Switzerland, latitude: 91}]}",
            "f:1:42: geo.home.from: ‘-1h’ is not a time; a time here is fixed, such as 2024-06-07 or "
                + "2024-06-07T12:00Z",
            "f:1:56: geo.home.country: ‘Switzerland’ is not a country of two letters (ISO 3166); write "
                + "CH or US",
            "f:1:79: geo.home.latitude: ‘91’ is out of range; it goes from -90 to 90"),
        BadDocument(
            "geo: {home: [{networks: 192.0.2.1, from: 07.06.2024, latitude: 3}]}",
            "f:1:42: geo.home.from: ‘07.06.2024’ is not a time; write 2024-06-07, 2024-06-07T12:00 or "
                + "2024-06-07T12:00Z"),
        BadDocument(
            "geo: {overrides: [{prefix: 192.0.2.0/24, latitude: 3}, {prefix: 192.0.2.0/24}, CH]}",
            "f:1:19: geo.overrides: ‘latitude’ and ‘longitude’ go together; ‘longitude’ is missing",
            "f:1:56: geo.overrides: it changes nothing: say ‘country’, ‘place’ or ‘label’",
            "f:1:80: geo.overrides: settings (prefix, country, place …) must stand here, not ‘CH’"),
        BadDocument(
            "exporters:\n  overrides:\n    - {addres: 192.0.2.1, name: a}\n    - {address: 192.0.2.1}",
            "f:3:8: exporters.overrides: there is no setting ‘addres’ here; did you mean ‘address’?",
            "f:4:7: exporters.overrides: it changes nothing: say ‘name’, ‘sampling’ or both"),
    ])
    func `entries of lists`(document: BadDocument) {
        #expect(problems(document.text) == document.messages)
    }

    @Test(arguments: [
        BadDocument(
            "interface: {bpf: tcp}",
            "f:1:13: interface.bpf: it chooses packets of an interface, but interface.name is none"),
        BadDocument(
            "interface: {name: eth0, idle-timeout: 10min}",
            "f:1:25: interface.idle-timeout: interface.idle-timeout is longer than "
                + "interface.active-timeout"),
        BadDocument(
            "interface: {name: eth0, active-timeout: 10s}",
            "f:1:25: interface.active-timeout: interface.idle-timeout is longer than "
                + "interface.active-timeout"),
        BadDocument(
            "listen: []",
            "f:1:1: listen: nothing would ever arrive: listen somewhere, or name an interface"),
        BadDocument(
            "listen: [\"udp://*:2055\", \"udp://:2055\"]",
            "f:1:26: listen: ‘udp://*:2055’ stands in the list twice"),
        BadDocument(
            "forward: udp://127.0.0.1:2055",
            "f:1:1: forward: ‘udp://127.0.0.1:2055’ is where Skein listens: datagrams would go round "
                + "for ever"),
        BadDocument(
            "exporters:\n  overrides:\n    - {address: 192.0.2.1, name: a}\n    - {address: 192.0.2.1/32, name: b}\n    - {address: 192.0.2.1, domain: 1, name: c}",
            "f:4:7: exporters.overrides: ‘192.0.2.1/32’ has an entry above; only one can hold"),
        BadDocument(
            "geo:\n  home:\n    - {networks: 192.0.2.0/24, to: 2024-06}\n    - {networks: 192.0.2.0/24, from: 2024-06, to: 2025}\n    - {networks: [192.0.2.0/25, 192.0.2.0/24], from: 2024-12-31}",
            "f:5:7: geo.home: ‘192.0.2.0/24’ has an entry above for the same time; say with ‘from’ and "
                + "‘to’ when it was where"),
        // What could not be read is not held against what goes with it.
        BadDocument(
            "interface: {name: \"\", bpf: tcp}",
            "f:1:19: interface.name: a value is missing, a network interface; leave the key out for the "
                + "default"),
    ])
    func `settings that do not go together`(document: BadDocument) {
        #expect(problems(document.text) == document.messages)
    }

    @Test func `everything wrong is said at once, in the order of the file`() {
        let text = """
            log:
              json: 3
            store: {path: [], commit-interval: 1min}
            listen: udp://*:1
            listen: udp://*:2
            """
        #expect(
            problems(text, environment: ["SKEIN_HTTP_QUERIES": "no"]) == [
                "f:2:9: log.json: ‘3’ is not true or false",
                "f:3:15: store.path: a path must stand here, not a list",
                "f:3:36: store.commit-interval: ‘1min’ is out of range; it goes from 0s to 10s",
                "f:5:1: ‘listen’ stands here twice, first in line 4; only one can hold",
                "$SKEIN_HTTP_QUERIES: http.queries: ‘no’ is not a whole number",
            ])
    }
}
