import FlowModel

/// What an ``ExportDecoder`` needs of an earlier run to decode at once, and to go on counting: of each
/// exporter its templates, rates and what its options data said of itself, its tally, and the names of
/// interfaces, applications and VRFs.
///
///     snapshot   "SKTP" version:1 sources:4 source… names:4 name…
///     source     address:16 domain:4 version:2 received:8
///                present:1 (1 = systemInit, 2 = announced address, 4 = clock offset, 8 = sequence)
///                systemInit:8 address:16
///                templates:4 template… rates:4 rate… tally sequence:4
///     template   port:2 id:2 scopes:2 (65535 = data) exportSeconds:4 sequence:4 received:8
///                fields:2 field…
///     field      enterprise:4 id:2 length:2
///     rate       address:16 kind:1 (0 domain, 1 sampler, 2 interface) id:8 interval:4
///     tally      first:8 last:8 datagrams:8 records:8 optionsRecords:8 flows:8 lost:8 reordered:8
///                restarts:8 clockSkewed:8 rateUnknown:8 clockOffset:8 reasons:2 (text count:8)…
///     name       kind:1 (0 interface, 1 application, 2 VRF) exporter:16 domain:4 number:8
///                name:text description:text
///     text       length:2 UTF-8…
///
/// All numbers big-endian. A source of version 0 is a sub-agent of sFlow. Version 1, of which the
/// tallies, rates and names are missing, is read as well. Whoever stores it adds the checksum.
struct ExporterSnapshot {
    static let magic: [UInt8] = Array("SKTP".utf8)
    static let version: UInt8 = 2
    static let dataScopes: UInt16 = 65535

    struct Source {
        var key: ExportSourceKey
        var received: UInt64
        var systemInit: UInt64?
        var announcedAddress: IPAddress?
        var templates: [KeptTemplate] = []
        var rates: [IPAddress: [SamplingRate.Subject: UInt32]] = [:]
        var tally = ExporterTally()
        var sequence: UInt32?
    }

    struct KeptTemplate {
        var port: UInt16
        var id: UInt16
        var definition: Template.Definition
        var exportSeconds: UInt32
        var sequence: UInt32
        var received: UInt64
    }

    var sources: [Source] = []
    var names = ExporterNames()
}

// MARK: - Writing

extension ExporterSnapshot {
    func encoded() -> [UInt8] {
        var output = Self.magic
        output.reserveCapacity(octetsAtLeast)
        output.append(Self.version)
        output.putNetwork(UInt32(clamping: sources.count))
        for source in sources { Self.write(source, to: &output) }
        let count = names.interfaces.count + names.applications.count + names.vrfs.count
        output.putNetwork(UInt32(clamping: count))
        Self.write(names.interfaces, kind: 0, to: &output)
        Self.write(names.applications, kind: 1, to: &output)
        Self.write(names.vrfs, kind: 2, to: &output)
        return output
    }

    /// What it takes without texts and rates: there may be a lot of it.
    private var octetsAtLeast: Int {
        sources.reduce(4096) { octets, source in
            source.templates.reduce(octets + 256) { $0 + 26 + 8 * $1.definition.fields.count }
        }
    }

    private static func write(_ source: Source, to output: inout [UInt8]) {
        output.putNetwork(source.key.address)
        output.putNetwork(source.key.domain)
        output.putNetwork(source.key.version)
        output.putNetwork(source.received)
        let offset = source.tally.clockOffset
        output.append(
            (source.systemInit == nil ? 0 : 1) | (source.announcedAddress == nil ? 0 : 2)
                | (offset == nil ? 0 : 4) | (source.sequence == nil ? 0 : 8))
        output.putNetwork(source.systemInit ?? 0)
        output.putNetwork(source.announcedAddress ?? .v6Zero)
        output.putNetwork(UInt32(clamping: source.templates.count))
        for template in source.templates { write(template, to: &output) }
        let rates = source.rates.flatMap { address, rates in
            rates.map { (address: address, subject: $0.key, interval: $0.value) }
        }
        output.putNetwork(UInt32(clamping: rates.count))
        for rate in rates.map(encode).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            output += rate
        }
        write(source.tally, to: &output)
        output.putNetwork(source.sequence ?? 0)
    }

    private static func write(_ template: KeptTemplate, to output: inout [UInt8]) {
        output.putNetwork(template.port)
        output.putNetwork(template.id)
        if case .options(let scopes) = template.definition.kind {
            output.putNetwork(UInt16(clamping: scopes))
        } else {
            output.putNetwork(dataScopes)
        }
        output.putNetwork(template.exportSeconds)
        output.putNetwork(template.sequence)
        output.putNetwork(template.received)
        output.putNetwork(UInt16(clamping: template.definition.fields.count))
        for field in template.definition.fields {
            output.putNetwork(field.enterprise)
            output.putNetwork(field.id)
            output.putNetwork(field.length)
        }
    }

    private static func encode(
        _ rate: (address: IPAddress, subject: SamplingRate.Subject, interval: UInt32)
    ) -> [UInt8] {
        var output: [UInt8] = []
        output.putNetwork(rate.address)
        switch rate.subject {
        case .domain:
            output.append(0)
            output.putNetwork(UInt64(0))
        case .sampler(let id):
            output.append(1)
            output.putNetwork(id)
        case .interface(let index):
            output.append(2)
            output.putNetwork(UInt64(index))
        }
        output.putNetwork(rate.interval)
        return output
    }

    private static func write(_ tally: ExporterTally, to output: inout [UInt8]) {
        for count in [
            tally.firstReceived, tally.lastReceived, tally.datagrams, tally.records,
            tally.optionsRecords, tally.flows, tally.lost, tally.reordered, tally.restarts,
            tally.clockSkewed, tally.rateUnknown,
            UInt64(bitPattern: tally.clockOffset ?? 0),
        ] { output.putNetwork(count) }
        output.putNetwork(UInt16(clamping: tally.undecoded.count))
        for (reason, count) in tally.undecoded.sorted(by: { $0.key.rawValue < $1.key.rawValue })
            .prefix(Int(UInt16.max))
        {
            output.putText(reason.rawValue)
            output.putNetwork(count)
        }
    }

    private static func write<Number: FixedWidthInteger & UnsignedInteger & Sendable>(
        _ names: [ExporterScoped<Number>: ExporterName], kind: UInt8, to output: inout [UInt8]
    ) {
        let sorted = names.sorted { a, b in
            (a.key.exporter, a.key.domain, a.key.number)
                < (b.key.exporter, b.key.domain, b.key.number)
        }
        for (key, name) in sorted {
            output.append(kind)
            output.putNetwork(key.exporter)
            output.putNetwork(key.domain)
            output.putNetwork(UInt64(key.number))
            output.putText(name.name)
            output.putText(name.description)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func putNetwork<T: FixedWidthInteger & UnsignedInteger>(_ value: T) {
        for shift in stride(from: T.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> T(shift)))
        }
    }

    fileprivate mutating func putNetwork(_ address: IPAddress) {
        putNetwork(address.high)
        putNetwork(address.low)
    }

    fileprivate mutating func putText(_ text: String) {
        let octets = text.utf8.prefix(Int(UInt16.max))
        putNetwork(UInt16(octets.count))
        self += octets
    }
}
