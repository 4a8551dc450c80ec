import FlowModel

/// What an ``ExportDecoder`` needs of an earlier run to decode at once: the templates of each
/// exporter, and what its options data said of itself.
///
///     snapshot   "SKTP" version:1 sources:4 source…
///     source     address:16 domain:4 version:2 received:8
///                present:1 (1 = systemInit, 2 = announced address) systemInit:8 address:16
///                templates:4 template…
///     template   port:2 id:2 scopes:2 (65535 = data) exportSeconds:4 sequence:4 fields:2 field…
///     field      enterprise:4 id:2 length:2
///
/// All numbers big-endian. Whoever stores it adds the checksum.
enum TemplateSnapshot {
    private static let magic: [UInt8] = Array("SKTP".utf8)
    private static let version: UInt8 = 1
    private static let dataScopes: UInt16 = 65535

    // MARK: - Writing

    static func encode(_ sources: [ExportSource]) -> [UInt8] {
        var output = magic
        output.append(version)
        output.putNetwork(UInt32(clamping: sources.count))
        for source in sources { write(source, to: &output) }
        return output
    }

    private static func write(_ source: ExportSource, to output: inout [UInt8]) {
        output.putNetwork(source.key.address)
        output.putNetwork(source.key.domain)
        output.putNetwork(source.key.version)
        output.putNetwork(source.lastReceived)
        output.append(
            (source.systemInit == nil ? 0 : 1) | (source.announcedAddress == nil ? 0 : 2))
        output.putNetwork(source.systemInit ?? 0)
        output.putNetwork(source.announcedAddress ?? .v6Zero)
        let templates = source.templates.all
        output.putNetwork(UInt32(clamping: templates.count))
        for (port, template) in templates {
            output.putNetwork(port)
            output.putNetwork(template.id)
            if case .options(let scopes) = template.definition.kind {
                output.putNetwork(UInt16(clamping: scopes))
            } else {
                output.putNetwork(dataScopes)
            }
            output.putNetwork(template.exportSeconds)
            output.putNetwork(template.sequence)
            output.putNetwork(UInt16(clamping: template.definition.fields.count))
            for field in template.definition.fields {
                output.putNetwork(field.enterprise)
                output.putNetwork(field.id)
                output.putNetwork(field.length)
            }
        }
    }

    // MARK: - Reading

    struct Source {
        var key: ExportSourceKey
        var received: UInt64
        var systemInit: UInt64?
        var announcedAddress: IPAddress?
        var templates: [(port: UInt16, template: Template)] = []
    }

    /// What a snapshot says; nil where it is damaged or of a later version.
    static func decode(_ bytes: RawSpan, fieldsPerTemplateMax: Int) -> [Source]? {
        var reader = Reader(bytes: bytes)
        guard reader.octets(4) == magic, reader.number8() == version,
            let count = reader.number32()
        else { return nil }
        var sources: [Source] = []
        for _ in 0..<count {
            guard let source = readSource(&reader, fieldsPerTemplateMax) else { return nil }
            sources.append(source)
        }
        return reader.isAtEnd ? sources : nil
    }

    private static func readSource(_ reader: inout Reader, _ fieldsMax: Int) -> Source? {
        guard let address = reader.address(), let domain = reader.number32(),
            let version = reader.number16(), version == 9 || version == 10,
            let received = reader.number64(), let present = reader.number8(),
            let systemInit = reader.number64(), let announced = reader.address(),
            let count = reader.number32()
        else { return nil }
        var source = Source(
            key: ExportSourceKey(address: address, domain: domain, version: version),
            received: received, systemInit: present & 1 != 0 ? systemInit : nil,
            announcedAddress: present & 2 != 0 ? announced : nil)
        for _ in 0..<count {
            guard let entry = readTemplate(&reader, version: version, fieldsMax) else {
                return nil
            }
            source.templates.append(entry)
        }
        return source
    }

    private static func readTemplate(
        _ reader: inout Reader, version: UInt16, _ fieldsMax: Int
    ) -> (port: UInt16, template: Template)? {
        guard let port = reader.number16(), let id = reader.number16(), id >= 256,
            let scopes = reader.number16(), let exportSeconds = reader.number32(),
            let sequence = reader.number32(), let fieldCount = reader.number16(),
            fieldCount <= fieldsMax
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
        let template = Template(
            id: id, definition: Template.Definition(kind: kind, fields: fields), version: version,
            exportSeconds: exportSeconds, sequence: sequence)
        template.isRestored = true
        return (port, template)
    }

    /// Reads what nobody vouches for.
    private struct Reader: ~Escapable {
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
}

extension NetFlowDecoder {
    /// All sources that have templates, in the order of their keys.
    func templateSnapshot() -> [UInt8] {
        TemplateSnapshot.encode(
            sources.values.filter { $0.templates.count > 0 }.sorted { a, b in
                (a.key.address, a.key.domain, a.key.version)
                    < (b.key.address, b.key.domain, b.key.version)
            })
    }

    /// Takes over what an earlier run knew; what this run knows already stays.
    ///
    /// - Returns: whether the snapshot could be read.
    mutating func restoreTemplates(_ snapshot: RawSpan) -> Bool {
        guard
            let found = TemplateSnapshot.decode(
                snapshot, fieldsPerTemplateMax: configuration.fieldsPerTemplateMax)
        else { return false }
        for kept in found where sources[kept.key] == nil {
            guard sources.count < configuration.exportersMax else { break }
            let source = ExportSource(key: kept.key)
            source.lastReceived = kept.received
            source.systemInit = kept.systemInit
            source.announcedAddress = kept.announcedAddress
            for (port, template) in kept.templates {
                let cost = TemplateCache.cost(template.definition)
                guard source.templates.count < configuration.templatesPerExporterMax,
                    fieldCount + cost <= configuration.fieldsMax
                else { break }
                let before = source.templates.fieldCount
                source.templates.insert(template, port: port)
                fieldCount += source.templates.fieldCount - before
            }
            sources[kept.key] = source
        }
        return true
    }
}
