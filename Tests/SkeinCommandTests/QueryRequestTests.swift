import ArgumentParser
import FlowModel
import FlowQuery
import Testing

@testable import SkeinCommand

/// What `skein query` asks the engine for.
@Suite struct QueryRequestTests {
    private func request(_ arguments: String...) throws -> QueryRequest {
        try QueryCommand.parse(arguments).requests()[0]
    }

    @Test func `a list of flows has default fields and, in a table, a length`() throws {
        guard case .flows(let fields, let sort, let limit) = try request().kind else {
            Issue.record("not a list")
            return
        }
        #expect(fields.count == 10 && fields[0] == .quantity(.field(.start)))
        #expect(fields[1] == .quantity(.duration))
        #expect(sort == nil && limit == 51)
    }

    @Test func `lists take fields, an order and a limit`() throws {
        let request = try request(
            "any", "--raw", "--output", "ndjson", "--limit", "0", "--fields",
            "srcip, Bpp,other,sampling", "--sort", "-bytes")
        guard case .flows(let fields, let sort, let limit) = request.kind else {
            Issue.record("not a list")
            return
        }
        #expect(
            fields == [
                .quantity(.field(.srcip)), .quantity(.bpp), .other, .quantity(.field(.sampling)),
            ])
        #expect(sort == FlowSort(.field(.bytes), descending: true))
        #expect(limit == 0 && request.raw)
        guard
            case .flows(_, let ascending, let all) = try self.request(
                "--sort", "duration", "--output", "csv"
            ).kind
        else { return }
        #expect(ascending == FlowSort(.duration, descending: false) && all == 0)
    }

    @Test func `groups have keys, an order and a length`() throws {
        guard
            case .groups(let keys, let order, let top) = try request(
                "--by", "srcip/24,dstip/64,start/5m,exporter,natsrcip/24/48", "--order", "flows",
                "--top", "3"
            ).kind
        else {
            Issue.record("no groups")
            return
        }
        #expect(
            keys == [
                .prefix(.srcip, v4: 24, v6: nil), .prefix(.dstip, v4: nil, v6: 64),
                .bucket(.start, step: 300_000), .field(.exporter),
                .prefix(.natsrcip, v4: 24, v6: 48),
            ])
        #expect(order == .flows && top == 3)
        guard case .groups(_, .bytes, 10) = try request("--by", "proto").kind else {
            Issue.record("not the defaults")
            return
        }
    }

    @Test func `each key list said makes an answer of its own, of the same flows`() throws {
        let requests = try QueryCommand.parse([
            "proto tcp", "--by", "srcip", "--by", "dstport,proto", "--top", "3", "--raw",
            "--distinct", "dstip",
        ]).requests()
        #expect(requests.count == 2)
        #expect(requests[0].filter == requests[1].filter && requests[1].raw)
        #expect(requests[1].distinct == [.field(.dstip)])
        guard case .groups([.field(.srcip)], .bytes, 3) = requests[0].kind,
            case .groups([.field(.dstport), .field(.proto)], .bytes, 3) = requests[1].kind
        else {
            Issue.record("other keys")
            return
        }
    }

    @Test(arguments: [
        ["--by", "srcip", "--by", "dstip", "--output", "csv"],
        ["--by", "srcip", "--by", "dstip", "--output", "ndjson"],
        ["--by", "srcip", "--by", "nothing"],
        Array(repeating: ["--by", "srcip"], count: 9).flatMap(\.self),
    ])
    func `answers that have no place are refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { _ = try QueryCommand.parse(arguments) }
    }

    @Test func `totals and series`() throws {
        guard case .total = try request("--total").kind else {
            Issue.record("no total")
            return
        }
        guard case .series(60_000, let keys) = try request("--series", "1m", "--by", "proto").kind
        else {
            Issue.record("no series")
            return
        }
        #expect(keys == [.field(.proto)])
    }

    @Test func `conversations and divided series`() throws {
        let list = try request("--bidirectional", "--sort", "-rbytes", "--output", "csv")
        guard case .flows(let fields, let sort, _) = list.kind else {
            Issue.record("not a list")
            return
        }
        #expect(list.bidirectional && fields.count == 13 && fields[12] == .quantity(.field(.flows)))
        #expect(sort == FlowSort(.field(.rbytes), descending: true))
        let line = try request("--bidirectional", "--output", "biline")
        guard case .flows = line.kind else {
            Issue.record("not a list")
            return
        }
        let groups = try request("--bidirectional", "--by", "srcip/24", "--distinct", "dstip")
        guard case .groups = groups.kind else {
            Issue.record("no groups")
            return
        }
        #expect(groups.bidirectional && line.bidirectional)
        #expect(try request("--bidirectional", "--total").bidirectional)
        let series = try request("--series", "1m", "--spread", "--by", "proto")
        #expect(series.spread && !series.bidirectional)
    }

    @Test func `words of a filter may be several arguments`() throws {
        #expect(try request("proto", "tcp", "--total").filter.description == "proto in [6]")
    }

    @Test func `times may begin with a dash`() throws {
        let window = try request("--from", "-1h", "--to", "now", "--overlap")
        let from = try #require(window.from)
        let to = try #require(window.to)
        // The two are read from the same clock.
        #expect(to - from == 3_600_000 && window.overlap)
        #expect(
            try request("--utc", "--from", "2016-06-07T12").from == 1_465_300_800_000)
    }

    @Test(arguments: [
        (["--by", "srcprt"], "--by: there is no field ‘srcprt’; did you mean ‘srcport’?"),
        (["--by", "port"], "--by: there is no field ‘port’; did you mean ‘srcport’?"),
        (["--by", "srcip/129"], "--by: ‘srcip/129’: the length is 1–32 for IPv4"),
        (["--by", "srcport/8"], "--by: cannot group by ‘srcport/8’"),
        (["--by", "duration"], "--by: cannot group by ‘duration’; keys are columns"),
        (["--by", "other"], "--by: cannot group by ‘other’"),
        (["--by", "start/0s"], "--by: ‘0s’ is not a step"),
        (["--by", "srcip,srcip"], "--by: ‘srcip’ stands there twice"),
        (["--by", "srcip,"], "--by: a name is missing in ‘srcip,’"),
        (["--fields", "octets"], "--fields: there is no field ‘octets’; see docs/fields.md"),
        (["--sort", "-byte"], "--sort: there is no field ‘byte’; did you mean ‘bytes’?"),
        (["--sort", "other"], "--sort: there is no field ‘other’"),
        (["--limit=-1"], "--limit is 0 or more"),
        (["--by", "proto", "--top=-1"], "--top is 0 or more"),
        (["--total", "--by", "proto"], "--total stands alone"),
        (["--total", "--fields", "srcip"], "--fields belongs to a list of flows"),
        (["--order", "flows"], "--order belongs to --by without --series"),
        (["--series", "1x"], "--series: ‘1x’ is not a step"),
        (["--from", "yesterday"], "--from: ‘yesterday’ is not a time"),
        (["--from", "now", "--to", "-1h"], "--from is later than --to"),
        (
            ["--bidirectional", "--series", "1m", "--spread"],
            "--bidirectional and --spread exclude each other"
        ),
        (["--bidirectional", "--by", "tos"], "--by: with --bidirectional a row has start,"),
        (
            ["--bidirectional", "--total", "--distinct", "nexthop"],
            "--distinct: with --bidirectional a row has start,"
        ),
        (
            ["--bidirectional", "--output", "long"],
            "the layout shows ‘tos’: with --bidirectional a row has start,"
        ),
        (
            ["--bidirectional", "--fields", "tos"],
            "--fields: with --bidirectional a row has start,"
        ),
        (["--bidirectional", "--sort", "-tos"], "--sort: with --bidirectional a row has start,"),
        (["--spread", "--by", "proto"], "--spread belongs to --series"),
        (
            ["--spread", "--series", "1m", "--distinct", "dstip"],
            "--distinct and --stats belong to"
        ),
        (["--overlap"], "--overlap needs --from or --to"),
        (
            ["dst port = 99999"],
            "port is 0–65535 (column 12)\n  dst port = 99999\n             ^^^^^"
        ),
    ])
    func `wrong usage is named`(arguments: [String], message: String) throws {
        do {
            _ = try QueryCommand.parse(arguments)
            Issue.record("accepted")
        } catch {
            #expect(QueryCommand.message(for: error).hasPrefix(message))
            #expect(QueryCommand.exitCode(for: error).rawValue == 64)
        }
    }

    @Test func `groups, series and totals take distinct values, statistics and memory`() throws {
        let request = try request(
            "--by", "srcip", "--distinct", "dstip/24,dstport", "--order", "distinct", "--stats",
            "bytes,duration:p99.9,max", "--memory", "512M")
        #expect(request.distinct == [.prefix(.dstip, v4: 24, v6: nil), .field(.dstport)])
        #expect(
            request.statistics == [
                ValueStatistics(.field(.bytes)),
                ValueStatistics(.duration, [.percentile(thousandths: 99_900), .greatest]),
            ])
        #expect(request.memory == 512 << 20)
        #expect(try self.request("--total").memory == QueryRequest.memoryDefault)
        #expect(try self.request("--total", "--distinct", "srcip").distinct == [.field(.srcip)])
    }

    @Test(arguments: [
        ["--distinct", "srcip"], ["--stats", "bytes"], ["--by", "srcip", "--order", "distinct"],
        ["--total", "--distinct", "nothing"], ["--total", "--stats", "srcip"],
        ["--total", "--memory", "1M"], ["--total", "--memory", "many"],
        ["--total", "--memory", "99999999999G"], ["--total", "--temp-dir", ""],
        ["--series", "1m", "--spread", "--distinct", "srcip"],
    ])
    func `what cannot be grouped so is refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { _ = try QueryCommand.parse(arguments).requests() }
    }
}
