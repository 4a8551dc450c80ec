import FlowModel
import SkeinConfiguration
import Testing

@Suite struct ValueTests {
    @Test func `an empty document has the defaults`() throws {
        for text in [
            "", "\n# nothing\n", "---\n", "~", "{}", "store:\nhttp: {}\n", "\u{feff}# mark\n",
        ] {
            #expect(try settings(text) == SkeinSettings())
        }
    }

    @Test func `every setting is read`() throws {
        let settings = try settings(
            """
            store:
              path: "/var/lib/skein"
              commit-interval: 0s
              retention: {max-age: 1w, max-size: 1.5T, minute-rollups: none, hour-rollups: 3650d}
            listen: [udp://*:2055, "udp://[2001:db8::1]:0", tcp://192.0.2.1:4739, "tls://[::1]"]
            tls: {certificate: c.pem, key: c.key}
            receive-buffer: 16Mi
            queue-memory: 100MB
            exporters:
              allow: [10.0.0.0/8, 192.0.2.1, "2001:db8::/32"]
              use-source-port: yes
              overrides:
                - address: 10.0.0.0/8
                  sampling: 1000
                - {address: 10.0.0.1, domain: 7, name: edge}
            forward: udp://192.0.2.9:2055
            interface: {name: eth0, bpf: not port 22, active-timeout: 1m, idle-timeout: 1500ms,
              buffer: 64Mi, promiscuous: no}
            user: skein
            geo:
              countries: none
              mmdb: [a.mmdb, b.mmdb]
              home:
                - networks: 192.0.2.0/24
                  to: 2024-07-01T00:00Z
                  country: ch
                  place: Zürich
                  label: "none"
                  latitude: 47.37
                  longitude: 8.54
              overrides: [{prefix: "2001:db8::/32", country: NO, label: "012"}]
            http: {listen: "[::1]:0", hosts: Flows.Example.org, query-time: 1min, query-memory: 1Gi, queries: 4}
            log: {level: Debug, json: on}
            """)
        #expect(settings.store.path == "/var/lib/skein")
        #expect(settings.store.commitInterval == .zero)
        #expect(settings.store.retention.maxAge == .seconds(7 * 86_400))
        #expect(settings.store.retention.maxSize == 1_500_000_000_000)
        #expect(settings.store.retention.minuteRollups == nil)
        #expect(settings.store.retention.hourRollups == .seconds(3650 * 86_400))
        #expect(
            settings.listen.map(\.description) == [
                "udp://*:2055", "udp://[2001:db8::1]:0", "tcp://192.0.2.1:4739",
                "tls://[::1]:4740",
            ])
        #expect(settings.receiveBuffer == 16 << 20)
        #expect(settings.queueMemory == 100_000_000)
        #expect(
            settings.exporters.allow.map(\.description) == [
                "10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32",
            ])
        #expect(settings.exporters.useSourcePort)
        #expect(settings.exporters.overrides.map(\.sampling) == [1000, nil])
        #expect(settings.exporters.overrides.map(\.domain) == [nil, 7])
        #expect(settings.exporters.overrides.map(\.name) == [nil, "edge"])
        #expect(settings.forward.map(\.description) == ["udp://192.0.2.9:2055"])
        #expect(settings.interface.name == "eth0")
        #expect(settings.interface.bpf == "not port 22")
        #expect(settings.interface.activeTimeout == .seconds(60))
        #expect(settings.interface.buffer == 64 << 20)
        #expect(!settings.interface.isPromiscuous)
        #expect(settings.user == "skein")
        #expect(settings.interface.idleTimeout == .milliseconds(1500))
        #expect(settings.geo.countries == nil)
        #expect(settings.geo.mmdb == ["a.mmdb", "b.mmdb"])
        let home = try #require(settings.geo.home.first)
        #expect(home.networks == [IPPrefix("192.0.2.0/24")])
        #expect(home.from == nil)
        #expect(home.to == 1_719_792_000_000)
        #expect(home.country == "CH")
        #expect(home.place == "Zürich")
        #expect(home.label == "none")
        #expect(home.latitude == 47.37)
        #expect(home.longitude == 8.54)
        #expect(settings.geo.overrides.map(\.country) == ["NO"])
        #expect(settings.geo.overrides.map(\.label) == ["012"])
        #expect(settings.http.listen?.description == "[::1]:0")
        #expect(settings.http.hosts == ["flows.example.org"])
        #expect(settings.http.queryTime == .seconds(60))
        #expect(settings.http.queryMemory == 1 << 30)
        #expect(settings.http.queries == 4)
        #expect(settings.log.level == .debug)
        #expect(settings.log.json)
    }

    @Test(
        arguments: [
            ("0", 0), ("1", 1), ("1k", 1000), ("1KB", 1000), ("1Ki", 1024), ("1kib", 1024),
            ("1.5M", 1_500_000), ("0.5Gi", 1 << 29), ("200G", 200_000_000_000),
            ("2T", 2_000_000_000_000),
            ("1P", 1_000_000_000_000_000), ("9007199254740993", 9_007_199_254_740_993),
        ] as [(String, UInt64)])
    func `sizes are exact`(text: String, octets: UInt64) {
        #expect(SizeText.octets(text) == octets)
        #expect(SizeText.octets(SizeText.text(octets)) == octets)
    }

    @Test(arguments: [
        "", "b", "1.2.3M", "1.M", ".5M", "0.0001k", "1.5", "18446744073709551616", "1 G", "+1",
        "1Z",
        "99999P",
    ])
    func `what is no size`(text: String) {
        #expect(SizeText.octets(text) == nil)
    }

    @Test func `the environment goes before the file, options before both`() throws {
        let file = Configuration.File(
            name: "f",
            octets: Array("http: {listen: none}\nlog: {level: debug}\nqueue-memory: 5M".utf8))
        let configuration = try Configuration(
            file: file,
            environment: [
                "SKEIN_LOG_LEVEL": "error", "SKEIN_HTTP_LISTEN": "", "SKEIN_STORE": "/a,b",
                "SKEIN_LISTEN": "udp://*:1, tcp://[::1]:2", "SKEIN_QUEUE_MEMORY": "6M",
                "SKEIN_FORWARD": "none",
            ],
            assignments: [
                .init(option: "--set", setting: "log.level", value: "trace"),
                .init(set: "queue-memory = 7M"), .init(set: "queue-memory=8M"),
            ])
        let settings = configuration.settings
        #expect(settings.log.level == .trace)
        #expect(settings.http.listen == nil)
        #expect(settings.store.path == "/a,b")
        #expect(settings.queueMemory == 8_000_000)
        #expect(settings.listen.map(\.description) == ["udp://*:1", "tcp://[::1]:2"])
        #expect(settings.forward.isEmpty)
        #expect(configuration.origins["http.listen"] == .file(TextPlace(line: 1, column: 8)))
        #expect(configuration.origins["store.path"] == .environment("SKEIN_STORE"))
        #expect(configuration.origins["log.level"] == .option("--set"))
        #expect(configuration.origins["log.json"] == nil)
    }

    @Test func `what is wrong with variables and options`() throws {
        #expect(
            problems(
                "",
                environment: ["SKEIN_LISTEN": "udp://*:1,,x", "SKEIN_LOG_JSON": "2", "PATH": "x"],
                [
                    .init(option: "--http", setting: "http.listen", value: "8.8.8.8:x"),
                    .init(option: "--set", setting: "http.lisen", value: "none"),
                    .init(option: "--set", setting: "json", value: "true"),
                    .init(option: "--set", setting: "geo.home", value: "192.0.2.0/24"),
                ]) == [
                    "$SKEIN_LISTEN: listen: a value is missing, a place to listen; leave the key out "
                        + "for the default",
                    "$SKEIN_LISTEN: listen: ‘x’ is not a place to listen; udp://, tcp:// or tls:// is missing "
                        + "in front, as in udp://*:2055",
                    "$SKEIN_LOG_JSON: log.json: ‘2’ is not true or false",
                    "--http: http.listen: ‘8.8.8.8:x’ is not an address and a port; the port is a number from "
                        + "0 to 65535",
                    "--set: there is no setting ‘http.lisen’ here; did you mean ‘http.listen’?",
                    "--set: there is no setting ‘json’ here; did you mean ‘log.json’?",
                    "--set: geo.home: a list of entries can only be set in the configuration file",
                ])
        #expect(throws: ConfigurationErrors.self) { try Configuration.Assignment(set: "log.level") }
    }

    @Test func `a variable that is nearly one of the settings is worth a word`() throws {
        let configuration = try Configuration(environment: [
            "SKEIN_LISTNE": "x", "SKEIN_CONFIG": "y", "SKEIN_SETS": "z", "SKEIN_QWERTZ": "w",
        ])
        #expect(
            configuration.notes == ["$SKEIN_LISTNE is not a setting; did you mean $SKEIN_LISTEN?"])
    }
}
