import FlowModel

extension ExporterSnapshot {
    /// What a snapshot says; nil where it is damaged or of a later version.
    init?(_ bytes: RawSpan, fieldsPerTemplateMax: Int) {
        var reader = SnapshotReader(bytes: bytes)
        guard reader.octets(4) == Self.magic, let version = reader.number8(),
            (1...Self.version).contains(version), let count = reader.number32()
        else { return nil }
        for _ in 0..<count {
            guard let source = Self.readSource(&reader, version, fieldsPerTemplateMax) else {
                return nil
            }
            sources.append(source)
        }
        if version >= 2 {
            guard let count = reader.number32() else { return nil }
            for _ in 0..<count where !readName(&reader) { return nil }
        }
        guard reader.isAtEnd else { return nil }
    }

    private static func readSource(
        _ reader: inout SnapshotReader, _ version: UInt8, _ fieldsMax: Int
    ) -> Source? {
        guard let address = reader.address(), let domain = reader.number32(),
            let protocolVersion = reader.number16(), let received = reader.number64(),
            let present = reader.number8(), let systemInit = reader.number64(),
            let announced = reader.address(), let count = reader.number32(),
            [0, 1, 5, 7, 9, 10].contains(protocolVersion)
        else { return nil }
        var source = Source(
            key: ExportSourceKey(address: address, domain: domain, version: protocolVersion),
            received: received, systemInit: present & 1 != 0 ? systemInit : nil,
            announcedAddress: present & 2 != 0 ? announced : nil)
        for _ in 0..<count {
            guard protocolVersion >= 9,
                let entry = readTemplate(&reader, version, received, fieldsMax)
            else { return nil }
            source.templates.append(entry)
        }
        guard version >= 2 else {
            source.tally.lastReceived = received
            return source
        }
        guard let rateCount = reader.number32() else { return nil }
        for _ in 0..<rateCount {
            guard let address = reader.address(), let kind = reader.number8(),
                let id = reader.number64(), let interval = reader.number32(), interval > 0,
                let subject = subject(kind, id)
            else { return nil }
            source.rates[address, default: [:]][subject] = interval
        }
        guard let tally = readTally(&reader, hasOffset: present & 4 != 0),
            let sequence = reader.number32()
        else { return nil }
        source.tally = tally
        source.sequence = present & 8 != 0 ? sequence : nil
        return source
    }

    private static func subject(_ kind: UInt8, _ id: UInt64) -> SamplingRate.Subject? {
        switch kind {
        case 0: .domain
        case 1: .sampler(id)
        case 2: UInt32(exactly: id).map { .interface($0) }
        default: nil
        }
    }

    private static func readTemplate(
        _ reader: inout SnapshotReader, _ version: UInt8, _ sourceReceived: UInt64,
        _ fieldsMax: Int
    ) -> KeptTemplate? {
        guard let port = reader.number16(), let id = reader.number16(), id >= 256,
            let scopes = reader.number16(), let exportSeconds = reader.number32(),
            let sequence = reader.number32(),
            let received = version >= 2 ? reader.number64() : sourceReceived,
            let fieldCount = reader.number16(), fieldCount <= fieldsMax
        else { return nil }
        var fields: [TemplateField] = []
        for _ in 0..<fieldCount {
            guard let enterprise = reader.number32(), let id = reader.number16(),
                let length = reader.number16()
            else { return nil }
            fields.append(TemplateField(enterprise: enterprise, id: id, length: length))
        }
        guard fields.contains(where: { $0.length > 0 }),
            scopes == dataScopes || Int(scopes) <= fields.count
        else { return nil }
        let kind: TemplateKind = scopes == dataScopes ? .data : .options(scopes: Int(scopes))
        return KeptTemplate(
            port: port, id: id, definition: Template.Definition(kind: kind, fields: fields),
            exportSeconds: exportSeconds, sequence: sequence, received: received)
    }

    private static func readTally(
        _ reader: inout SnapshotReader, hasOffset: Bool
    ) -> ExporterTally? {
        var counts: [UInt64] = []
        for _ in 0..<12 {
            guard let count = reader.number64() else { return nil }
            counts.append(count)
        }
        var tally = ExporterTally()
        tally.firstReceived = counts[0]
        tally.lastReceived = counts[1]
        tally.datagrams = counts[2]
        tally.records = counts[3]
        tally.optionsRecords = counts[4]
        tally.flows = counts[5]
        tally.lost = counts[6]
        tally.reordered = counts[7]
        tally.restarts = counts[8]
        tally.clockSkewed = counts[9]
        tally.rateUnknown = counts[10]
        tally.clockOffset = hasOffset ? Int64(bitPattern: counts[11]) : nil
        guard let reasons = reader.number16() else { return nil }
        for _ in 0..<reasons {
            guard let reason = reader.text(), let count = reader.number64() else { return nil }
            tally.undecoded[ExportCounters.Reason(rawValue: reason)] = count
        }
        return tally
    }

    private mutating func readName(_ reader: inout SnapshotReader) -> Bool {
        guard let kind = reader.number8(), let exporter = reader.address(),
            let domain = reader.number32(), let number = reader.number64(),
            let text = reader.text(), let description = reader.text()
        else { return false }
        let name = ExporterName(name: text, description: description)
        switch (kind, UInt32(exactly: number)) {
        case (0, let index?):
            names.interfaces[.init(exporter: exporter, domain: domain, number: index)] = name
        case (1, _):
            names.applications[.init(exporter: exporter, domain: domain, number: number)] = name
        case (2, let id?):
            names.vrfs[.init(exporter: exporter, domain: domain, number: id)] = name
        default: return false
        }
        return true
    }
}

/// Reads what nobody vouches for.
private struct SnapshotReader: ~Escapable {
    private let bytes: RawSpan
    private var offset = 0

    @_lifetime(copy bytes)
    init(bytes: RawSpan) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.byteCount }

    private mutating func take(_ count: Int) -> Int? {
        guard bytes.byteCount - offset >= count else { return nil }
        defer { offset += count }
        return offset
    }

    mutating func octets(_ count: Int) -> [UInt8]? {
        take(count).map { bytes.copy($0..<$0 + count) }
    }
    mutating func number8() -> UInt8? { take(1).map { bytes.octet(at: $0) } }
    mutating func number16() -> UInt16? { take(2).map { bytes.network16(at: $0) } }
    mutating func number32() -> UInt32? { take(4).map { bytes.network32(at: $0) } }
    mutating func number64() -> UInt64? { take(8).map { bytes.network64(at: $0) } }
    mutating func address() -> IPAddress? {
        guard let high = number64(), let low = number64() else { return nil }
        return IPAddress(high: high, low: low)
    }
    mutating func text() -> String? {
        guard let count = number16(), let octets = octets(Int(count)) else { return nil }
        return String(decoding: octets, as: UTF8.self)
    }
}
