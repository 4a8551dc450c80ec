import FlowModel

/// Makes IPFIX messages of batches of flows.
///
///     batch ─ rows by domain ─ pattern of presence ─ template ─ record ─┐
///                                            open message of the domain ┴─ full, next second → emit
///
/// Flows keep their exporter's address in elements 130 and 131, their domain in the message header,
/// `received` to the second in its export time, and their elements without a column as they were.
final class IPFIXExporter {
    /// How messages are to be made.
    struct Style {
        /// Octets of a message; a larger record makes a larger message.
        var messageOctets: Int
        /// Templates and rates are said again after so many messages of their domain; nil: once is
        /// enough, nothing is lost on the way.
        var repetition: Int?
        /// Whether a message ends where a second of `received` does.
        var endsWithSecond: Bool

        /// For files (RFC 5655).
        static let file = Style(messageOctets: 65_535, repetition: nil, endsWithSecond: true)
        /// For UDP on Ethernet.
        static let datagrams = Style(messageOctets: 1400, repetition: 20, endsWithSecond: false)
    }

    /// A message, and what it holds.
    struct Message {
        var octets: [UInt8]
        /// Flows in it.
        var flows: Int
        /// When the first of them was received, ms since 1970.
        var received: UInt64
    }

    private struct Known {
        let id: UInt16
        let template: IPFIXTemplate
        /// The message of the domain that said it last.
        var said: Int
    }

    private final class Domain {
        let id: UInt32
        var message = IPFIXMessage()
        var sequence: UInt32 = 0
        var messages = 0
        var flows = 0
        var received: UInt64 = 0
        var templates: [IPFIXPattern: Known] = [:]
        var nextTemplate = IPFIXRates.firstDataTemplate
        /// Options templates by id: the message that said each last.
        var options: [UInt16: Int] = [:]
        /// Exporters whose rates were said, at most 64 of them are repeated.
        var exporters: [IPAddress] = []
        var ratesSaid = 0

        init(_ id: UInt32) { self.id = id }
    }

    /// Flows written.
    private(set) var flows: UInt64 = 0
    /// Messages made.
    private(set) var messages: UInt64 = 0
    /// Octets made.
    private(set) var octets: UInt64 = 0
    /// Values of elements that could not be sent: lists that refer to templates of their exporter (292,
    /// 293), field types of NetFlow v9 above 32767, and what does not fit a message.
    private(set) var valuesLeftOut: UInt64 = 0

    private let style: Style
    private let exportTime: (UInt64) -> UInt32
    private let emit: (Message) throws -> Void
    private var rates: IPFIXRates
    private var domains: [UInt32: Domain] = [:]
    /// The lists of elements without a column that patterns speak of, from 1.
    private var layouts: [[OtherElement]: Int] = [:]
    private var record: [UInt8] = []

    /// Templates that a domain has at a time; beyond, all are forgotten and begun anew.
    private let templatesMax: Int
    private static let layoutsMax = 65_536

    /// - Parameters:
    ///   - style: for a file or for a network.
    ///   - rates: what exporters announced.
    ///   - exportTime: what a message's header says, seconds since 1970, for flows received then.
    ///   - templatesMax: templates that a domain has at a time.
    ///   - emit: takes each message.
    init(
        _ style: Style, rates: SamplingRates, exportTime: @escaping (UInt64) -> UInt32,
        templatesMax: Int = 4096, emit: @escaping (Message) throws -> Void
    ) {
        self.templatesMax = templatesMax
        self.style = style
        self.rates = IPFIXRates(rates)
        self.exportTime = exportTime
        self.emit = emit
    }

    /// Adds the flows of a batch.
    func add(_ batch: FlowBatch) throws {
        let rows = IPFIXRows(batch)
        var order: [UInt32] = []
        var rowsOfDomain: [UInt32: [Int]] = [:]
        for row in 0..<batch.count {
            let domain = UInt32(truncatingIfNeeded: rows.number(.domain, at: row))
            if rowsOfDomain[domain] == nil { order.append(domain) }
            rowsOfDomain[domain, default: []].append(row)
        }
        for id in order {
            let domain = domains[id] ?? Domain(id)
            domains[id] = domain
            for row in rowsOfDomain[id] ?? [] { try add(row, of: rows, to: domain) }
            // What waits is bounded by the batch, not by how many domains there are.
            try flush(domain)
        }
    }

    private func add(_ row: Int, of rows: IPFIXRows, to domain: Domain) throws {
        let received = rows.number(.received, at: row)
        if style.endsWithSecond, domain.received / 1000 != received / 1000 { try flush(domain) }
        if !rates.isEmpty { try announceRates(of: rows, row, received, domain) }

        var pattern = rows.pattern(at: row)
        let elements = rows.elements(at: row)?.filter(Self.isSent) ?? []
        if !elements.isEmpty {
            pattern.elements = layout(elements)
            // A port of an outer header must not be taken for the flow's.
            if elements.contains(where: { $0.enterprise == 0 && $0.id == 11 }) {
                pattern.isPortless = false
            }
        }
        let template = try template(pattern, elements, domain)
        record.removeAll(keepingCapacity: true)
        rows.append(row, template, to: &record, where: Self.isSent)
        if let all = rows.elements(at: row) { valuesLeftOut += UInt64(all.count - elements.count) }
        if !fits(record.count, pattern, domain) {
            // Without the elements that have no column every record fits.
            valuesLeftOut += UInt64(elements.count)
            pattern.elements = 0
            record.removeAll(keepingCapacity: true)
            rows.append(
                row, try self.template(pattern, [], domain), to: &record, where: { _ in false })
        }
        try place(pattern, received, domain)
    }

    /// Puts ``record`` into a message, with its template where that is not known there.
    private func place(_ pattern: IPFIXPattern, _ received: UInt64, _ domain: Domain) throws {
        guard var known = domain.templates[pattern] else { return }
        var needed = record.count
        if mustSay(known.said, domain) {
            needed += IPFIXMessage.octets(ofTemplate: known.template.fields) + 4
        }
        if !domain.message.hasRoom(for: needed, in: known.id, limit: style.messageOctets) {
            try flush(domain)
        }
        if mustSay(known.said, domain) {
            domain.message.add(template: known.id, known.template.fields)
            known.said = domain.messages
            domain.templates[pattern] = known
        }
        if domain.flows == 0 { domain.received = received }
        domain.message.add(record: record, in: known.id)
        domain.flows += 1
    }

    /// Whether a template that was said in that message of the domain must be said now.
    private func mustSay(_ said: Int, _ domain: Domain) -> Bool {
        if said < 0 { return true }
        guard let repetition = style.repetition else { return false }
        return domain.messages - said >= repetition
    }

    /// Whether a record and its template go into one message of the largest size.
    private func fits(_ octets: Int, _ pattern: IPFIXPattern, _ domain: Domain) -> Bool {
        guard let known = domain.templates[pattern] else { return false }
        return octets + IPFIXMessage.octets(ofTemplate: known.template.fields) + 24
            <= Self.largestMessage
    }

    /// What a UDP datagram over IPv4 can hold.
    private static let largestMessage = 65_507

    private func template(
        _ pattern: IPFIXPattern, _ elements: [OtherElement], _ domain: Domain
    ) throws -> IPFIXTemplate {
        if let known = domain.templates[pattern] { return known.template }
        let used = domain.nextTemplate - IPFIXRates.firstDataTemplate
        if used >= templatesMax { try forgetTemplates(of: domain) }
        let template = IPFIXTemplate(pattern, elements: elements)
        domain.templates[pattern] = Known(id: domain.nextTemplate, template: template, said: -1)
        domain.nextTemplate += 1
        return template
    }

    /// Begins the ids anew.
    ///
    /// Where nothing is lost on the way the old templates must be withdrawn first; over UDP they must
    /// not (RFC 7011 §8.4).
    private func forgetTemplates(of domain: Domain) throws {
        try flush(domain)
        domain.templates.removeAll()
        domain.nextTemplate = IPFIXRates.firstDataTemplate
        if style.repetition == nil {
            domain.message.addWithdrawal()
            try flush(domain)
        }
    }

    private func layout(_ elements: [OtherElement]) -> Int {
        if let known = layouts[elements] { return known }
        if layouts.count >= Self.layoutsMax {
            // Patterns speak of the numbers; new ones must not mean something else.
            for domain in domains.values {
                domain.templates = domain.templates.filter { $0.key.elements == 0 }
            }
            layouts.removeAll()
        }
        layouts[elements] = layouts.count + 1
        return layouts.count
    }

    /// Whether an element can be sent under its own number.
    private static func isSent(_ element: OtherElement) -> Bool {
        if element.enterprise == 0, element.id == 292 || element.id == 293 { return false }
        return element.id < 0x8000
    }

    // MARK: Rates

    private func announceRates(
        of rows: IPFIXRows, _ row: Int, _ received: UInt64, _ domain: Domain
    ) throws {
        guard let exporter = rows.address(.exporter, at: row) else { return }
        let due = rates.due(exporter: exporter, domain: domain.id, received: received)
        if !due.isEmpty {
            for rate in due { try announce(rate, domain) }
            if !domain.exporters.contains(exporter), domain.exporters.count < 64 {
                domain.exporters.append(exporter)
            }
            // The rate's time is the message's.
            if style.endsWithSecond { try flush(domain) }
        } else if let repetition = style.repetition, !domain.exporters.isEmpty,
            domain.messages - domain.ratesSaid >= repetition
        {
            for rate in rates.current(domain: domain.id, of: domain.exporters) {
                try announce(rate, domain)
            }
        }
    }

    private func announce(_ rate: SamplingRate, _ domain: Domain) throws {
        if style.endsWithSecond, domain.received / 1000 != rate.since / 1000 {
            try flush(domain)
            domain.received = rate.since
        }
        let (id, fields, scopes, record) = IPFIXRates.announcement(of: rate)
        let needed = record.count + IPFIXMessage.octets(ofTemplate: fields) + 10
        if !domain.message.hasRoom(for: needed, in: id, limit: style.messageOctets) {
            try flush(domain)
        }
        if mustSay(domain.options[id] ?? -1, domain) {
            domain.message.add(template: id, fields, scopes: scopes)
            domain.options[id] = domain.messages
        }
        domain.message.add(record: record, in: id)
        domain.ratesSaid = domain.messages
    }

    // MARK: Messages

    private func flush(_ domain: Domain) throws {
        guard !domain.message.isEmpty else { return }
        let records = UInt32(domain.message.records)
        let octets = domain.message.finish(
            exportTime: exportTime(domain.received), sequence: domain.sequence, domain: domain.id)
        try emit(Message(octets: octets, flows: domain.flows, received: domain.received))
        flows += UInt64(domain.flows)
        messages += 1
        self.octets += UInt64(octets.count)
        // Data records, those of options among them (RFC 7011 §3.1).
        domain.sequence &+= records
        domain.messages += 1
        domain.flows = 0
        domain.message.reset()
    }
}
