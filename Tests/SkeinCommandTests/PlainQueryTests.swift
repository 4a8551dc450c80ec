import ArgumentParser
import FlowQuery
import Testing

@testable import SkeinCommand

/// Plain command lines are read twice, quickly and by ArgumentParser: both must say the same.
@Suite struct PlainQueryTests {
    /// Everything that can be read off a command.
    private func values(_ command: QueryCommand) -> [String] {
        [
            "\(command.filter)", "\(command.from as Any)", "\(command.to as Any)",
            "\(command.overlap)", "\(command.store.path as Any)", "\(command.fields as Any)",
            "\(command.sort as Any)", "\(command.limit as Any)", "\(command.total)",
            "\(command.by as Any)", "\(command.order as Any)", "\(command.top as Any)",
            "\(command.series as Any)", "\(command.withoutRollups)", "\(command.flowTime.spread)",
            "\(command.flowTime.bidirectional)", "\(command.raw)", "\(command.output as Any)",
            "\(command.layout.formatString as Any)", "\(command.layout.plainNumbers)",
            "\(command.layout.wholeAddresses)", "\(command.layout.quiet)", "\(command.utc)",
            "\(command.grouping.distinct as Any)", "\(command.grouping.stats as Any)",
            "\(command.grouping.memory as Any)", "\(command.grouping.temporaryFolder as Any)",
            "\(command.override.geoOverrides as Any)",
            "\(command.override.configuration.path as Any)", "\(command.explain.isWanted)",
        ]
    }

    @Test(arguments: [
        [], ["any"], ["dst port 443 and bytes > 1M", "--from", "-1h"],
        ["src", "net", "10/8", "--by", "dstip", "--order", "bytes", "--top", "20"],
        ["--store", "/tmp/a b", "--total", "proto udp", "--utc", "--raw", "--no-rollups"],
        ["proto", "tcp", "--series", "5m", "--by", "proto", "--output", "csv"],
        ["--sort", "-bytes", "--limit", "0", "--fields", "srcip,bytes"], ["--output", "long6"],
        ["--output", "fmt:%ts %byt", "--to", "now", "--overlap", "--from", "2016-06-07T12"],
    ])
    func `plain words mean what ArgumentParser makes of them`(arguments: [String]) throws {
        let plain = try #require(QueryCommand.plain(arguments[...]))
        #expect(try values(plain) == values(QueryCommand.parse(arguments)))
    }

    @Test(arguments: [
        // What it does not know, or what has more than one reading.
        ["--top=5", "--by", "srcip"], ["--by", "srcip", "--by", "dstip"], ["--total", "--total"],
        ["--", "any"], ["-q"], ["--explain"], ["--help"], ["--distinct", "srcip", "--total"],
        ["--store", "-x"], ["--by", "--top"], ["--generate-completion-script", "bash"],
        // What is wrong, for ArgumentParser to say.
        ["--from"], ["--store", ""], ["--limit", "many"], ["--order", "size", "--by", "srcip"],
        ["dst port = 99999"], ["--overlap"], ["--output", "xml"], ["--nonsense"], ["-1h"],
        ["--total", "--by", "srcip"],
    ])
    func `anything else is left to it`(arguments: [String]) {
        #expect(QueryCommand.plain(arguments[...]) == nil)
    }

    /// Options in any order and number: where both accept, both read the same, and nothing is taken here
    /// that is refused there.
    @Test func `no mix of words is read in two ways`() {
        let words = [
            "any", "proto", "tcp", "--from", "-1h", "--to", "now", "--total", "--by", "srcip",
            "--top", "5", "--limit", "3", "--series", "1m", "--output", "json", "--store", "x",
            "--utc", "--raw", "--order", "flows", "--sort", "-bytes", "--fields", "bytes", "--",
            "-", "", "--explain", "-N", "--memory", "1G",
        ]
        var random = SplitMix(seed: 7)
        var agreed = 0
        for _ in 0..<1_500 {
            let arguments = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                words.randomElement(using: &random) ?? ""
            }
            guard let plain = QueryCommand.plain(arguments[...]) else { continue }
            guard let parsed = try? QueryCommand.parse(arguments) else {
                Issue.record("taken, but refused by ArgumentParser: \(arguments)")
                continue
            }
            #expect(values(plain) == values(parsed), "\(arguments)")
            agreed += 1
        }
        #expect(agreed > 100)
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
