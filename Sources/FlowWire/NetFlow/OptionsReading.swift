import FlowModel

/// What one options data record says, as far as it is of use here.
struct OptionsReading {
    var sampler: UInt64?
    /// The interface in the scope.
    var scopeInterface: UInt32?
    /// The interface that the record describes, in the scope or not.
    var interface: UInt32?
    var interfaceName: String?
    var interfaceDescription: String?
    /// samplingInterval (34) and samplerRandomInterval (50).
    var samplingInterval: UInt64?
    var samplerInterval: UInt64?
    /// 305, 306.
    var packetInterval: UInt64?
    var packetSpace: UInt64?
    /// 309, 310.
    var size: UInt64?
    var population: UInt64?
    /// samplingProbability (311).
    var probability: Double?
    var application: UInt64?
    var applicationName: String?
    var applicationDescription: String?
    var vrf: UInt32?
    var vrfName: String?
    var systemInit: UInt64?
    var exporter: IPAddress?

    /// Reads a record whose fields lie at `places`, relative to `start`.
    init(
        _ definition: Template.Definition, version: UInt16, places: [FieldPlace], _ set: RawSpan,
        at start: Int
    ) {
        var scopes = 0
        if case .options(let count) = definition.kind { scopes = count }
        for (slot, field) in definition.fields.enumerated() where field.enterprise == 0 {
            let place = places[slot]
            guard place.length > 0 else { continue }
            let offset = start + place.offset
            let number = set.wireUnsigned(at: offset, length: place.length)
            let isScope = slot < scopes
            // RFC 3954 §6.1: the scopes of v9 have numbers of their own, 1 to 5; 2 is an interface.
            if isScope, version == 9, field.id <= 5 {
                if field.id == 2 { noteInterface(number, isScope: true) }
                continue
            }
            switch field.id {
            case 10, 14, 252, 253: noteInterface(number, isScope: isScope)
            case 34: samplingInterval = number
            case 48, 302: sampler = number
            case 50: samplerInterval = number
            case 82: interfaceName = Self.text(set, offset, place.length)
            case 83: interfaceDescription = Self.text(set, offset, place.length)
            case 94: applicationDescription = Self.text(set, offset, place.length)
            case 95: application = number
            case 96: applicationName = Self.text(set, offset, place.length)
            case 130, 131:
                if let address = set.address(at: offset, length: place.length),
                    !address.isUnspecified
                {
                    exporter = address
                }
            case 160: systemInit = number
            case 234, 235: vrf = number.map { UInt32(truncatingIfNeeded: $0) }
            case 236: vrfName = Self.text(set, offset, place.length)
            case 305: packetInterval = number
            case 306: packetSpace = number
            case 309: size = number
            case 310: population = number
            case 311 where place.length == 8: probability = number.map { Double(bitPattern: $0) }
            case 311 where place.length == 4:
                probability = Double(Float(bitPattern: set.network32(at: offset)))
            default: break
            }
        }
    }

    private mutating func noteInterface(_ number: UInt64?, isScope: Bool) {
        guard let number else { return }
        let index = UInt32(truncatingIfNeeded: number)
        interface = index
        if isScope { scopeInterface = index }
    }

    /// 1 in N, nil where the record announces no rate; zero means unknown and announces none.
    var rate: UInt32? {
        if let interval = [samplerInterval, samplingInterval].compactMap({ $0 }).first(where: {
            $0 > 0
        }) {
            return UInt32(clamping: interval)
        }
        if let packetInterval, let packetSpace {
            return samplingRate(interval: packetInterval, space: packetSpace)
        }
        if let size, let population { return samplingRate(size: size, population: population) }
        if let probability, probability > 0, probability <= 1 {
            return UInt32(clamping: Int64(min(4_294_967_295, (1 / probability).rounded())))
        }
        return nil
    }

    /// What the rate is of; sampler 0 is what exporters with a single sampler call it.
    var subjects: [SamplingRate.Subject] {
        if let sampler { return sampler == 0 ? [.sampler(0), .domain] : [.sampler(sampler)] }
        if let scopeInterface { return [.interface(scopeInterface)] }
        return [.domain]
    }

    /// Text of at most 256 octets, without what fills it up.
    private static func text(_ set: RawSpan, _ offset: Int, _ length: Int) -> String {
        let octets = set.copy(offset..<offset + min(length, 256))
        let end = octets.firstIndex(of: 0) ?? octets.count
        return String(decoding: octets[..<end], as: UTF8.self)
    }
}
