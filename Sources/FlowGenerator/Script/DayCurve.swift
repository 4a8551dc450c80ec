/// How busy the organisation is, through a week of UTC quarter hours.
///
/// People come from seven, dip for lunch, leave from five; machines never stop, and at night the
/// backups run.
struct DayCurve: Sendable {
    static let quarter: UInt64 = 900_000
    private static let week: UInt64 = 672 * quarter
    /// 1970-01-01 was a Thursday.
    private static let epochOffset: UInt64 = 3 * 96 * quarter

    private static let people: [UInt64] = [
        2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4,
        5, 8, 12, 18, 25, 35, 48, 60, 72, 84, 92, 97, 100, 100, 98, 97, 95, 94, 96, 97,
        96, 94, 90, 84, 70, 58, 50, 48, 52, 62, 76, 86, 93, 96, 98, 98, 97, 95, 93, 92,
        90, 86, 82, 76, 68, 56, 44, 34, 26, 22, 18, 16, 14, 13, 12, 12, 12, 12, 11, 10,
        9, 8, 7, 6, 5, 4, 4, 3, 3, 2, 2, 2,
    ]

    private let peopleWeight: [UInt64]
    private let totalWeight: [UInt64]
    private let before: [UInt64]

    init() {
        precondition(Self.people.count == 96)
        var people: [UInt64] = []
        var total: [UInt64] = []
        var before: [UInt64] = []
        var sum: UInt64 = 0
        for quarter in 0..<672 {
            let working = quarter < 5 * 96
            let present = working ? Self.people[quarter % 96] : 1 + Self.people[quarter % 96] / 8
            people.append(present)
            total.append(present + (Self.isNight(quarter % 96) ? 20 : 14))
            before.append(sum)
            sum += total[quarter] * Self.quarter
        }
        peopleWeight = people
        totalWeight = total
        self.before = before
        weekTotal = sum
    }

    private let weekTotal: UInt64

    /// Whether backups run.
    static func isNight(_ quarterOfDay: Int) -> Bool { quarterOfDay >= 88 || quarterOfDay < 20 }

    /// The area under the curve from 1970 to `time`, ms.
    func area(to time: UInt64) -> UInt64 {
        let shifted = time + Self.epochOffset
        let inWeek = shifted % Self.week
        let index = Int(inWeek / Self.quarter)
        return shifted / Self.week * weekTotal + before[index]
            + totalWeight[index] * (inWeek % Self.quarter)
    }

    /// At `time`: what of the traffic is people's, and whether it is night.
    func mixture(at time: UInt64) -> (people: UInt64, of: UInt64, isNight: Bool) {
        let index = Int((time + Self.epochOffset) % Self.week / Self.quarter)
        return (peopleWeight[index], totalWeight[index], Self.isNight(index % 96))
    }
}
