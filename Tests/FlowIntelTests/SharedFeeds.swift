import FlowIntel
import FlowModel
import FlowTestSupport
import Foundation
import Testing

/// The feeds that developers share, beside the checkout and not part of it.
enum SharedFeeds {
    /// The folder; nil where it is absent, and tests that need it are skipped.
    static let folder: String? = {
        guard let folder = SharedData.file("feeds")?.path,
            FileManager.default.fileExists(atPath: folder + "/counts.json")
        else { return nil }
        return folder
    }()

    static func octets(_ path: String) throws -> [UInt8] {
        let folder = try #require(folder)
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(path)")))
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try octets(path), as: UTF8.self)
    }

    static func contents(_ path: String) throws -> FeedContents {
        try readFeed(try octets(path))
    }

    /// The addresses of a feed or of a warning list.
    static func addresses(_ path: String) throws -> AddressSet {
        let contents = try contents(path)
        return AddressSet(contents.addresses.map(\.range) + (contents.warningList?.ranges ?? []))
    }

    /// Every data file of `counts.json` that has indicators or entries of a warning list.
    static let files: [FeedCount] = {
        guard let folder, let data = FileManager.default.contents(atPath: folder + "/counts.json"),
            let counts = try? JSONDecoder().decode([FeedCount].self, from: data)
        else { return [] }
        return counts.filter { !$0.file.hasSuffix("_schema.json") }
    }()
}

/// What `counts.json` says of a file.
struct FeedCount: Decodable, Sendable, CustomTestStringConvertible {
    var file: String
    var format: String
    var items: Int
    var distinctV4: Int
    var mergedV4: Int
    var addressesV4: UInt64
    var distinctV6: Int
    var mergedV6: Int
    var addressesV6: UInt128
    var unparsed: Int
    var domains: Int
    var urls: Int
    var other: [String: Int]

    var testDescription: String { file }

    enum CodingKeys: String, CodingKey {
        case file, format, domains, urls, other
        case items = "ip_items"
        case distinctV4 = "v4_distinct"
        case mergedV4 = "v4_merged"
        case addressesV4 = "v4_addresses"
        case distinctV6 = "v6_distinct"
        case mergedV6 = "v6_merged"
        case addressesV6 = "v6_addresses"
        case unparsed = "unparsed_ip"
    }
}
