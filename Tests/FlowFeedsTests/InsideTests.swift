import FlowModel
import NIOHTTP1
import Testing

@testable import FlowFeeds

/// What cannot be seen from outside: messages of the DNS, schedules, addresses.
@Suite struct InsideTests {
    private static func message(
        id: UInt16 = 7, flags: UInt16 = 0x8180, name: String = "2.0.0.127.bl.test",
        answers: [[UInt8]] = [], authorities: [[UInt8]] = []
    ) -> [UInt8] {
        func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }
        let labels = name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        return word(Int(id)) + word(Int(flags)) + word(1) + word(answers.count)
            + word(authorities.count) + word(0) + labels + [0, 0, 1, 0, 1]
            + answers.flatMap { $0 } + authorities.flatMap { $0 }
    }

    private static let listed: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0x2c, 0, 4, 127, 0, 0, 2]
    private static let authority: [UInt8] =
        [0xc0, 12, 0, 6, 0, 1, 0, 0, 14, 16, 0, 22, 0, 0] + [UInt8](repeating: 0, count: 18)
        + [0, 5]

    @Test func `an answer is read, and only to its question`() throws {
        let question = try #require(DNSQuestion("2.0.0.127.BL.test", id: 7))
        #expect(
            question.answer(in: Self.message(answers: [Self.listed]))
                == .addresses([0x7f00_0002], seconds: 300))
        #expect(
            question.answer(in: Self.message(flags: 0x8183, authorities: [Self.authority]))
                == DNSQuestion.Answer.none(seconds: 5))
        #expect(question.answer(in: Self.message(flags: 0x8182)) == .failed(code: 2))
        for other in [
            Self.message(id: 8, answers: [Self.listed]),
            Self.message(flags: 0x0100, answers: [Self.listed]),
            Self.message(name: "3.0.0.127.bl.test", answers: [Self.listed]), [], [0, 7],
        ] {
            #expect(question.answer(in: other) == nil)
        }
        #expect(DNSQuestion("a..b", id: 1) == nil)
        #expect(DNSQuestion(String(repeating: "a", count: 64), id: 1) == nil)
        #expect(DNSQuestion(String(repeating: "a.", count: 130) + "b", id: 1) == nil)
    }

    @Test func `no damage to an answer is a crash`() throws {
        let question = try #require(DNSQuestion("2.0.0.127.bl.test", id: 7))
        let whole = Self.message(
            answers: [Self.listed, Self.listed], authorities: [Self.authority])
        var state: UInt64 = 3
        for round in 0..<20_000 {
            var octets = Array(whole.prefix(round % (whole.count + 1)))
            for _ in 0..<(round % 4) where !octets.isEmpty {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                octets[Int(state >> 33) % octets.count] = UInt8(truncatingIfNeeded: state >> 25)
            }
            _ = question.answer(in: octets)
        }
    }

    @Test func `waits grow with failures up to the interval, and honour the server`() {
        var schedule = FeedSchedule(
            interval: .seconds(600), checked: nil, hasFailed: false, now: 1000)
        #expect(schedule.due == 1000)
        var waits: [Int64] = []
        for _ in 0..<6 {
            schedule.plan(isWhole: false, at: 0, spread: 0.5, notBefore: nil)
            waits.append(schedule.due / 1000)
        }
        #expect(waits == [60, 120, 240, 480, 600, 600])
        schedule.plan(isWhole: true, at: 0, spread: 1, notBefore: nil)
        #expect(schedule.due == 660_000 && schedule.failures == 0)
        schedule.plan(isWhole: true, at: 0, spread: 0, notBefore: nil)
        #expect(schedule.due == 540_000)
        schedule.plan(isWhole: false, at: 0, spread: 0.5, notBefore: 7_200_000)
        #expect(schedule.due == 7_200_000)
        // A server that was started again goes on with what it had planned.
        let again = FeedSchedule(
            interval: .seconds(600), checked: 500_000, hasFailed: false, now: 600_000)
        #expect(again.due == 1_100_000)
    }

    @Test(
        arguments: [
            ("120", 120_000), ("0", 0), ("-5", 0), ("99999999999999", 86_400_000),
            ("Tue, 14 Nov 2023 22:14:20 GMT", 60_000), ("soon", nil), ("", nil),
        ] as [(String, Int64?)])
    func `Retry-After is read in both forms, and bounded`(text: String, wait: Int64?) {
        let headers = HTTPHeaders([("Retry-After", text)])
        #expect(HTTPFetcher.retryAfter(headers, now: 1_700_000_000_000) == wait)
    }

    @Test(
        arguments: [
            ("192.0.2.1", true), ("8.8.8.8", true), ("2001:db8::1", true), ("127.0.0.1", false),
            ("10.9.8.7", false), ("169.254.169.254", false), ("100.64.0.1", false),
            ("0.0.0.0", false), ("224.0.0.1", false), ("198.18.0.1", false), ("::1", false),
            ("fe80::1", false), ("fd00::1", false), ("64:ff9b::a00:1", false),
            ("64:ff9b::808:808", true), ("2002:7f00:1::", false), ("2002:808:808::", true),
        ])
    func `where a server may point to is public`(text: String, isPublic: Bool) throws {
        #expect(PublicAddress.isPublic(try #require(IPAddress(text))) == isPublic)
    }
}
