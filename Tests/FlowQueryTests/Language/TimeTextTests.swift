import FlowQuery
import Testing

@Suite struct TimeTextTests {
    private let utc = TimeText(now: 1_465_300_800_000, zone: .utc)

    @Test(
        arguments: [
            ("2016-06-07T12:38:20.123Z", 1_465_303_100_123, 1),
            ("2016-06-07t14:38:20.123+02:00", 1_465_303_100_123, 1),
            ("2016-06-07T12:38:20.5", 1_465_303_100_500, 1),
            ("2016-06-07T12:38:20.123456789Z", 1_465_303_100_123, 1),
            ("2016-06-07T12:38:20", 1_465_303_100_000, 1000),
            ("2016-06-07 12:38", 1_465_303_080_000, 60_000),
            ("2016-06-07T12", 1_465_300_800_000, 3_600_000),
            ("2016-06-07T12+0200", 1_465_293_600_000, 3_600_000),
            ("2016-06-07", 1_465_257_600_000, 86_400_000),
            ("2016-02", 1_454_284_800_000, 29 * 86_400_000),
            ("2016", 1_451_606_400_000, 366 * 86_400_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000, 1000),
            ("1970-01-01", 0, 86_400_000),
            ("1465303100123", 1_465_303_100_123, 1),
            ("now", 1_465_300_800_000, 1), ("-1h", 1_465_297_200_000, 1),
            ("now-1h30min", 1_465_295_400_000, 1), ("-5m", 1_465_300_500_000, 1),
            ("+2d", 1_465_473_600_000, 1), ("-9999d", 601_387_200_000, 1), ("-99999d", 0, 1),
        ] as [(String, UInt64, UInt64)])
    func `texts are spans of time`(text: String, start: UInt64, length: UInt64) {
        #expect(utc.instants(text) == start...(start + length - 1))
    }

    @Test(arguments: [
        "", "-", "+", "now-", "nowish", "-1", "-1x", "1h", "20160607", "2016-6-7", "2016-13",
        "2016-02-30", "2015-02-29", "2016-06-07T", "2016-06-07T24", "2016-06-07T12:60",
        "2016-06-07T12:00:61", "2016-06-07T12:00:00.", "2016-06-07T12:00:00.1234567890",
        "2016-06-07T12:00:00ZZ", "2016-06-07Z", "2016-06-07T12+2", "2016-06-07T12+02:",
        "1969-12-31", "1970-01-01T00+01:00", "-999999999999999999999d", "99999999999999999999",
    ])
    func `what is no time is nil`(text: String) {
        #expect(utc.instants(text) == nil)
    }

    @Test func `local times are written as they are read`() {
        let local = TimeText(now: 0, zone: .local)
        var text: [UInt8] = []
        local.append(1_465_303_100_123, to: &text)
        #expect(local.instant(String(decoding: text, as: UTF8.self)) == 1_465_303_100_123)
        text = []
        utc.append(1_465_303_100_007, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "2016-06-07 12:38:20.007")
        #expect(utc.zoneName(at: 0) == "UTC")
        text = []
        utc.append(.max, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "18446744073709551615")
    }

    @Test(
        arguments: [
            ("250ms", 250), ("90s", 90_000), ("5min", 300_000), ("5m", 300_000),
            ("1.5h", 5_400_000),
            ("1h30min", 5_400_000), ("2d", 172_800_000), ("1w", 604_800_000), ("0.001s", 1),
            ("7", 7), ("0s", 0),
        ] as [(String, UInt64)])
    func `durations`(text: String, expected: UInt64) {
        #expect(DurationText.milliseconds(text, bare: 1) == expected)
    }

    @Test(arguments: [
        "", "s", "1", "1x", "1s2", "-1s", "1.s", ".5s", "0.0001s", "1 s", "99999999999999999999s",
        "18446744073709551615s",
    ])
    func `what is no duration is nil`(text: String) {
        #expect(DurationText.milliseconds(text, bare: nil) == nil)
    }

    @Test(
        arguments: [
            (0, "0.000s"), (1998, "1.998s"), (59_999, "59.999s"), (185_000, "3min 05s"),
            (7_620_000, "2h 07min"), (356_400_000, "4d 03h"),
        ] as [(UInt64, String)])
    func `durations for people`(milliseconds: UInt64, expected: String) {
        var text: [UInt8] = []
        DurationText.append(milliseconds, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == expected)
    }
}
