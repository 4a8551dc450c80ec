import ArgumentParser
import FlowEnrichment
import FlowQuery

/// What the user knows better than exporters and the country database, for commands that read.
struct OverrideOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A list of networks whose country you know better: network, country, from and to (docs/geography.md).",
            valueName: "file"))
    var geoOverrides: String?

    @OptionGroup
    var configuration: KnowledgeOption

    /// What the configuration and the list say.
    func knowledge(_ times: TimeText) throws -> UserKnowledge {
        try configuration.knowledge().adding(try overrides(times))
    }

    private func overrides(_ times: TimeText) throws -> GeoOverrides? {
        guard let geoOverrides else { return nil }
        let octets: [UInt8]
        do {
            octets = try FilterFiles(store: "").contents(
                of: geoOverrides, bytesMax: Self.bytesMax)
        } catch {
            throw StoreProblem(description: "\(geoOverrides): \(error)")
        }
        do {
            return try GeoOverrides(
                parsing: String(decoding: octets, as: UTF8.self), times: times)
        } catch {
            throw StoreProblem(description: "\(geoOverrides): \(error)")
        }
    }

    /// Octets of a list at most.
    private static let bytesMax = 16 << 20
}
