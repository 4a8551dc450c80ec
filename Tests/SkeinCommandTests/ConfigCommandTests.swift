import FlowTestSupport
import Testing

/// `skein config` as a user runs it.
@Suite struct ConfigCommandTests {
    @Test func `what is wrong goes to standard error, exit code 1`() throws {
        let folder = try TemporaryFolder()
        try folder.write("skein.yaml", Array("listne: []\nlog: {level: loud}\n".utf8))
        let result = try Command.skein("config", "check", "skein.yaml", in: folder)
        #expect(result.status == 1)
        #expect(result.output.isEmpty)
        #expect(
            result.errors == """
                skein: skein.yaml:1:1: there is no setting ‘listne’ here; did you mean ‘listen’?
                skein: skein.yaml:2:14: log.level: ‘loud’ is not a level; it is one of trace, debug, \
                info, notice, warning or error

                """)
        let missing = try Command.skein("config", "check", "absent.yaml", in: folder)
        #expect(missing.status == 1)
        #expect(
            missing.errors
                == "skein: reading the configuration absent.yaml: No such file or directory\n")
    }

    @Test func `the settings that hold are printed`() throws {
        let folder = try TemporaryFolder()
        try folder.write("skein.yaml", Array("log: {level: debug}\n".utf8))
        let result = try Command.run(
            Command.skein,
            [
                "config", "check", "--http", "none", "--set", "queue-memory=1G", "--set",
                "listen=udp://*:1,udp://*:2", "skein.yaml",
            ], in: folder, environment: ["SKEIN_STORE": "here", "SKEIN_LOG_JSN": "1"])
        #expect(result.status == 0)
        #expect(
            result.errors
                == "skein: $SKEIN_LOG_JSN is not a setting; did you mean $SKEIN_LOG_JSON?\n")
        for line in [
            "  path: here  # $SKEIN_STORE", "  listen: none  # --http",
            "  level: debug  # skein.yaml:1",
            "queue-memory: 1G  # --set", "listen:  # --set\n  - udp://*:1\n  - udp://*:2\n",
        ] {
            #expect(result.output.contains(line), "\(line)")
        }
    }

    @Test func `the reference is right, from standard input too`() throws {
        let reference = try Command.skein("config", "reference")
        #expect(reference.status == 0)
        let checked = try Command.skein("config", "check", "-", input: Array(reference.output.utf8))
        #expect(checked.status == 0)
        #expect(checked.errors.isEmpty)
    }
}
