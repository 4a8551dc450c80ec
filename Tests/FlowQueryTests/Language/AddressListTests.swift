import FlowModel
import FlowTestSupport
import Foundation
import Testing

@testable import FlowQuery

@Suite struct AddressListTests {
    private func set(_ text: String) throws -> String {
        let set = try AddressList.addresses(in: Array(text.utf8))
        return FlowExpression.test(.field(.srcip), .inAddresses(set.ranges)).description
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("192.0.2.1\r\n192.0.2.2\r\n", "192.0.2.1-192.0.2.2"),
        ("\u{feff}192.0.2.1\n", "192.0.2.1"),
        ("  192.0.2.1  \n\t192.0.2.3\t", "192.0.2.1 192.0.2.3"),
        ("192.0.2.77/24", "192.0.2.0-192.0.2.255"),
        ("192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9"),
        ("192.0.2.1 - 192.0.2.9 # ten", "192.0.2.1-192.0.2.9"),
        ("192.0.2.1 - AS64496, Example", "192.0.2.1"), ("192.0.2.1\t10", "192.0.2.1"),
        ("192.0.2.1,2024-01-01,bad", "192.0.2.1"), ("192.0.2.1;x", "192.0.2.1"),
        ("192.0.2.1#x", "192.0.2.1"), ("192.0.2.0/31 ; SBL1", "192.0.2.0-192.0.2.1"),
        ("# all\n; all\n\n   \n", ""), ("", ""),
        ("2001:db8::/32", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8::1-2001:db8::2", "2001:db8::1-2001:db8::2"),
        ("0.0.0.0/0", "0.0.0.0-255.255.255.255"),
        (
            "::/0\n10.0.0.1",
            "::-::fffe:ffff:ffff 10.0.0.1 ::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        ),
        ("255.255.255.255\n0.0.0.0\n255.255.255.254", "0.0.0.0 255.255.255.254-255.255.255.255"),
    ])
    func `lines of lists`(text: String, expected: String) throws {
        #expect(try set(text) == "srcip in [\(expected)]")
    }

    @Test(arguments: [
        ("192.0.2", 1, "192.0.2"), ("1.2.3.4\n192.0.2.1x # y", 2, "192.0.2.1x"),
        ("192.0.2.1/33", 1, "33"), ("192.0.2.1/", 1, ""), ("192.0.2.1/24x", 1, "24x"),
        ("2001:db8::/129", 1, "129"), ("192.0.2.9-192.0.2.1", 1, "192.0.2.9-192.0.2.1"),
        ("192.0.2.1-2001:db8::1", 1, "2001:db8::1"), ("192.0.2.1-9", 1, "192.0.2.1-9"),
        ("\n\nevil.example", 3, "evil.example"), ("192.0.2.01", 1, "192.0.2.01"),
        ("192.0.2.0 255.255.255.0", 1, "255.255.255.0"), ("192.0.2.1, 192.0.2.2", 1, "192.0.2.2"),
        ("192.0.2.1.5", 1, "192.0.2.1.5"), ("1:2:3:4:5:6:7:8:9", 1, "1:2:3:4:5:6:7:8:9"),
    ])
    func `a line that is not one value is named`(text: String, line: Int, word: String) throws {
        let octets = Array(text.utf8)
        let bad = try #require(throws: AddressList.BadLine.self) {
            try AddressList.addresses(in: octets)
        }
        #expect(bad.number == line)
        #expect(String(decoding: octets[bad.place], as: UTF8.self) == word)
    }

    @Test func `many addresses in any order are the set that they are one by one`() throws {
        var random = SeededNumbers(seed: 31)
        var text = ""
        var ranges: [ClosedRange<IPAddress>] = []
        for _ in 0..<12_000 {
            let v4 = UInt32(truncatingIfNeeded: random.next()) & 0x00ff_ffff
            switch random.below(8) {
            case 0:
                let length = 20 + random.below(13)
                guard let prefix = IPPrefix(IPAddress(v4: v4), length: length) else { continue }
                text += "\(prefix)\n"
                ranges.append(prefix.address...prefix.last)
            case 1:
                let address = IPAddress(high: 0x2001_0db8 << 32, low: UInt64(random.below(5000)))
                text += "\(address)\n"
                ranges.append(address...address)
            default:
                let address = IPAddress(v4: v4)
                text += "\(address) # \(random.below(9))\n"
                ranges.append(address...address)
            }
        }
        #expect(try AddressList.addresses(in: Array(text.utf8)) == IntervalSet(ranges))
    }

    /// The plain lists of `shared/feeds`, with the number of addresses that FEEDS.md counted.
    @Test(
        .enabled(if: SharedData.isPresent),
        arguments: [
            ("firehol/firehol_level1.netset", 626_683_461), ("firehol/voipbl.netset", 80_907),
            ("firehol/feodo.ipset", 0), ("firehol/firehol_level2.netset", 51_988),
            ("raw/blocklist_de_bots.txt", 3_648), ("raw/cins_army.txt", 15_000),
            ("raw/ipsum.txt", 120_430), ("raw/maltrail_mass_scanner_cidr.txt", 1_224_313),
            ("raw/sans_intelfeed_ips.txt", 106_404), ("raw/spamhaus_drop.txt", 15_365_120),
            ("raw/threatfox_ips.txt", 2_338), ("raw/tor-exit-nodes.lst", 1_127),
        ])
    func `real lists have the addresses that others counted in them`(
        file: String, count: Int
    ) throws {
        let url = try #require(SharedData.file("feeds/\(file)"))
        let set = try AddressList.addresses(in: Array(try Data(contentsOf: url)))
        let v4 = set.ranges.reduce(0) { sum, range in
            guard let first = range.lowerBound.v4, let last = range.upperBound.v4 else {
                return sum
            }
            return sum + Int(last - first) + 1
        }
        #expect(v4 == count)
    }
}
