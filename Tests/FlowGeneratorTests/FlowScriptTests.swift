import FlowModel
import Testing

@testable import FlowGenerator

/// Scripts that several tests look at, made once.
enum Scripts {
    static let small = FlowScript(flows: 10_000, seed: 7)
    static let smallFlows = small.allFlows()
    static let medium = FlowScript(flows: 20_000, seed: 1)
    static let mediumFlows = medium.allFlows()
}

@Suite struct FlowScriptTests {
    @Test func `xoshiro256** gives the numbers that its authors' code gives`() {
        // Seed 0 through SplitMix64, as the reference implementation has it.
        #expect(mixed(0x9e37_79b9_7f4a_7c15) == 0xe220_a839_7b1d_cdaf)
        var random = Xoshiro256(seed: 0)
        #expect(random.next() == 0x99ec_5f36_cb75_f2b4)
        #expect(random.next() == 0xbf6e_1f78_4956_452a)
    }

    @Test(arguments: [1, 499, 500, 3_000, 10_000])
    func `a script has exactly as many flows as asked for`(flows: Int) {
        #expect(FlowScript(flows: flows, seed: 3).allFlows().count == flows)
        #expect(FlowScript(flows: flows, seed: 3, seconds: 600).allFlows().count == flows)
    }

    @Test func `the same numbers give the same flows, another seed gives others`() {
        #expect(FlowScript(flows: 10_000, seed: 7).allFlows() == Scripts.smallFlows)
        #expect(FlowScript(flows: 10_000, seed: 8).allFlows() != Scripts.smallFlows)
    }

    @Test func `both orders hold the same flows`() {
        var stream = FlowStream(Scripts.small, order: .start)
        var slice: [GeneratedFlow] = []
        var all: [GeneratedFlow] = []
        while stream.nextSlice(into: &slice) != nil { all += slice }
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.start <= $1.start })
        #expect(Set(all) == Set(Scripts.smallFlows))
        #expect(all.count == Scripts.smallFlows.count)
    }

    @Test func `flows come by export time and are consistent`() {
        let flows = Scripts.mediumFlows
        #expect(zip(flows, flows.dropFirst()).allSatisfy { $0.exported <= $1.exported })
        func isConsistent(_ flow: GeneratedFlow) -> Bool {
            flow.start >= Scripts.medium.start && flow.end <= Scripts.medium.end
                && flow.start <= flow.end && flow.end <= flow.exported
                && flow.end - flow.start <= 302_000
                && flow.packets > 0 && flow.bytes >= flow.packets * flow.headerBytes
                && flow.bytes <= UInt64(UInt32.max)
                && flow.source.isV4 == flow.destination.isV4 && flow.source != flow.destination
                && flow.exporter < 3 && flow.input > 0 && flow.output > 0
                && (flow.packets > 1 || flow.start == flow.end)
        }
        #expect(flows.first { !isConsistent($0) } == nil)
    }

    @Test func `about 8 % are IPv6 and most flows are answered`() {
        let flows = Scripts.mediumFlows
        let six = flows.count { !$0.isV4 }
        #expect((6 * flows.count / 100...10 * flows.count / 100).contains(six))
        #expect(flows.count(where: \.isReply) > flows.count * 4 / 10)
    }

    @Test func `a reply is next to the flow that it answers`() {
        let flows = Scripts.mediumFlows
        var alone = 0
        for index in flows.indices.dropFirst() where flows[index].isReply {
            let (flow, reply) = (flows[index - 1], flows[index])
            if reply.source != flow.destination || reply.sourcePort != flow.destinationPort {
                alone += 1
            }
        }
        // A part of a slow connection may hold the server's packets only.
        #expect(alone < flows.count / 1_000)
    }

    @Test func `the day has its shape`() {
        var hours = [Int](repeating: 0, count: 24)
        for flow in Scripts.mediumFlows where !flow.kind.isStory {
            hours[Int((flow.start - Scripts.medium.start) / 3_600_000)] += 1
        }
        #expect(hours[10] > 4 * hours[3])
        #expect(hours[12] < hours[10] * 8 / 10 && hours[12] < hours[14] * 8 / 10)
        let backups = Scripts.mediumFlows.filter { $0.kind == .backup }
        #expect(!backups.isEmpty)
    }

    @Test(arguments: [Scripts.small, FlowScript(flows: 50_000, seed: 2)])
    func `every chapter of the story is told as its fact says`(script: FlowScript) {
        let flows = script.allFlows()
        #expect(script.story.map(\.kind) == FlowKind.allCases.filter(\.isStory))
        for fact in script.story {
            let told = flows.filter { $0.kind == fact.kind }
            #expect(told.count == fact.flows)
            let asked = told.filter { !$0.isReply }
            #expect(asked.count == fact.exchanges)
            func isTold(_ flow: GeneratedFlow) -> Bool {
                flow.start >= fact.start && flow.start < fact.end
                    && (fact.sources.isEmpty || fact.sources.contains { $0.contains(flow.source) })
                    && fact.targets.contains { $0.contains(flow.destination) }
                    && fact.ports.contains { $0.contains(flow.destinationPort) }
                    && fact.protocols.contains(flow.proto)
            }
            #expect(asked.first { !isTold($0) } == nil)
        }
    }

    @Test func `the beacon keeps its minute and its size`() throws {
        let beats = Scripts.mediumFlows.filter { $0.kind == .beacon && !$0.isReply }
        let fact = try #require(Scripts.medium.story.first { $0.kind == .beacon })
        #expect(Set(beats.map(\.bytes)).count == 1 && Set(beats.map(\.packets)).count == 1)
        for (index, flow) in beats.sorted(by: { $0.start < $1.start }).enumerated() {
            #expect(flow.start - fact.start - UInt64(index) * 60_000 < 300)
        }
    }

    @Test func `documentation ranges outside the organisation are the story's alone`() {
        let ranges = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8:bad::/48"]
            .compactMap { IPPrefix($0) }
        let strays = Scripts.mediumFlows.filter { flow in
            !flow.kind.isStory
                && ranges.contains { $0.contains(flow.source) || $0.contains(flow.destination) }
        }
        #expect(strays.isEmpty)
    }

    @Test func `the port scan tries each port once`() {
        let ports = Scripts.mediumFlows.filter { $0.kind == .portScan && !$0.isReply }
            .map(\.destinationPort)
        #expect(Set(ports) == Set(1...1_000) && ports.count == 1_000)
    }

    @Test func `short scripts and scripts at odd times have the story too`() {
        let script = FlowScript(
            flows: 20_000, seed: 1, start: FlowScript.defaultStart + 5_000_000, seconds: 3_600)
        #expect(script.story.count == 6)
        let flows = script.allFlows()
        #expect(flows.count == 20_000)
        for fact in script.story {
            #expect(flows.count { $0.kind == fact.kind } == fact.flows)
            #expect(fact.start >= script.start && fact.end <= script.end)
        }
    }
}
