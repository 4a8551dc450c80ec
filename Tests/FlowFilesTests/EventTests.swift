import FlowModel
import Testing

@testable import FlowFiles

/// Events of anything, read as flows from who did it to what it was done to.
@Suite struct EventTests {
    private let names = EventNames()

    private func read(_ text: String, piece: Int = .max) throws -> ReadFlows {
        let names = names
        return try ReadFlows(Array(text.utf8), piece: piece) {
            EventReader(names: names, appender: $0, localTime: { $0 })
        }
    }

    /// Actor, thing, kind, time and weight of each.
    private func told(_ read: ReadFlows) -> [String] {
        read.rows.map { row in
            func meaning(_ field: String) -> EventNames.Meaning? {
                row[field].flatMap { IPAddress($0) }.flatMap { names.meaning(of: $0) }
            }
            guard case .actor(let actor)? = meaning("srcip"),
                case .thing(let thing)? = meaning("dstip"),
                let kind = row["dstport"].flatMap(UInt16.init)
            else { return "?" }
            return
                "\(actor) \(thing) \(names.kindName(kind)) \(row["start"] ?? "") \(row["bytes"].map { $0.dropLast(3) } ?? "")"
        }
    }

    @Test(arguments: [1, 7, 100, .max])
    func `code_swarm's XML`(piece: Int) throws {
        let read = try read(
            """
            <?xml version="1.0"?>
            <!-- what isn't an <event date='1' filename='a' author='b'/> -->
            <file_events>
            <event date="1465300800000" filename="src/a &lt;b&gt;.c" author="Ann &amp; &#66;ob" weight="3"/>
              <event filename='tcp_443' weight = "7"
                     date="1465300800001" author='10.0.0.1 > all'></event>
            <event date="1465300800002" filename="README" author="Ann"/>
            <event date="soon" filename="README" author="Ann"/>
            <event date="1465300800002" filename="README"/>
            <event date="1465300800002" filename="README" author="Ann" weight="-1"/>
            <events date="1" filename="x" author="y"/>
            </file_events>
            """, piece: piece)
        #expect(
            told(read) == [
                "Ann & Bob src/a <b>.c c 1465300800000 3",
                "10.0.0.1 > all tcp_443 tcp_443 1465300800001 7",
                "Ann README README 1465300800002 1",
            ])
        #expect(read.counters.undecoded == [.badValues: 3])
        #expect(read.counters.firstProblem == "line 8: no time")
    }

    @Test(arguments: [1, 9, .max])
    func `CSV with a header, with none, and Gource's log`(piece: Int) throws {
        #expect(
            try told(
                read(
                    """
                    weight;file;author;date
                    5;"docs/a;b.md";Ann;2016-06-07T12:00:00Z
                    ;docs/c.md;Bob;2016-06-07T12:00:01Z
                    x;docs/c.md;Bob;2016-06-07T12:00:01Z
                    1;docs/c.md
                    """, piece: piece)) == [
                    "Ann docs/a;b.md md 1465300800000 5", "Bob docs/c.md md 1465300801000 1",
                ])
        #expect(
            try told(
                read(
                    "# made by hand\n1465300800,Ann,printer\n1465300801,Ann,printer,9", piece: piece
                ))
                == ["Ann printer printer 1465300800000 1", "Ann printer printer 1465300801000 9"])
        #expect(
            try told(read("1465300800|Ann|M|src/x.c|FF0000\n1465300801|Bob|A|y", piece: piece))
                == ["Ann src/x.c c 1465300800000 1", "Bob y y 1465300801000 1"])
    }

    @Test func `names have an address each, things of a folder one network`() throws {
        var seen: Set<IPAddress> = []
        for number in 0..<1000 {
            let thing = try names.thing("lib/\(number).c")
            #expect(thing.isV4 && seen.insert(thing).inserted)
            #expect(names.meaning(of: thing) == .thing("lib/\(number).c"))
            let actor = try names.actor("user \(number)")
            #expect(EventNames.isActor(actor) && seen.insert(actor).inserted)
            #expect(names.meaning(of: actor) == .actor("user \(number)"))
            #expect(
                try names.thing("lib/\(number).c") == thing
                    && names.actor("user \(number)") == actor)
        }
        let networks = Set(seen.filter(\.isV4).compactMap { IPPrefix($0, length: 24) })
        #expect(networks.count == 4)
        for network in networks { #expect(names.meaning(of: network) == "lib/…") }
        let actor = try names.actor("user 0")
        let first = try #require(IPPrefix(actor, length: 48))
        #expect(names.meaning(of: first) == "user 0")
        #expect(names.meaning(of: IPAddress(v4: 7)) == nil)
        #expect(names.kind(of: "a/b/c.swift") == names.kind(of: "d.swift"))
        #expect(names.kindName(names.kind(of: "docs/LICENSE")) == "docs")
    }

    @Test func `octets of chance are no events`() throws {
        var state: UInt64 = 7
        for _ in 0..<200 {
            let octets = (0..<300).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1
                return "<event date=\"12'/>&;|,\n \u{1}é9".utf8.map { $0 }[Int(state >> 33) % 26]
            }
            _ = try ReadFlows(octets, piece: 13) { [names] in
                EventReader(names: names, appender: $0, localTime: { $0 })
            }
        }
    }
}
