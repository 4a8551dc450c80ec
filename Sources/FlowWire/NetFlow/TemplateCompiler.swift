import FlowModel

/// Turns a template's list of fields into a ``RecordPlan``.
///
/// All decisions that do not depend on a record's values are made here, once.
struct TemplateCompiler {
    private struct Candidate {
        var slot: Int
        var rank: Int
        var reading: FieldReading
    }

    private let fields: [TemplateField]
    private let version: UInt16
    private var candidates: [Field: [Candidate]] = [:]
    /// The columns in the order of their first element, so that compiling is deterministic.
    private var order: [Field] = []
    /// The first of several protocols.
    private var outerProtocol: Candidate?
    /// Slots whose value lands in a column, or is dropped on purpose.
    private var consumed: Set<Int> = []

    init(fields: [TemplateField], version: UInt16) {
        self.fields = fields
        self.version = version
    }

    mutating func compile(into plan: inout RecordPlanDraft) {
        for slot in fields.indices where fields[slot].length != 0 {
            let field = fields[slot]
            guard field.enterprise != 0 || !isSpecial(field, slot, &plan) else { continue }
            for claim in ElementClaims.of(field, version: version)
            where field.isVariable || claim.reading.accepts(Int(field.length)) {
                note(Candidate(slot: slot, rank: claim.rank, reading: claim.reading), claim.field)
            }
        }
        compileAddresses(&plan)
        for field in order { compile(field, &plan) }
        compileRates(&plan)
        compileUptime(&plan)
        compileICMP(&plan)
        for slot in fields.indices where fields[slot].length != 0 && !consumed.contains(slot) {
            let field = fields[slot]
            plan.otherSlots.append(slot)
            plan.other.append(
                OtherElement(enterprise: field.enterprise, id: field.id, length: field.length))
        }
    }

    /// Notes an element that can feed a column.
    ///
    /// Of an element that is repeated in the record the last counts: the innermost header's.
    private mutating func note(_ candidate: Candidate, _ field: Field) {
        guard var known = candidates[field] else {
            order.append(field)
            candidates[field] = [candidate]
            return
        }
        let element = fields[candidate.slot]
        let repeated = known.firstIndex {
            fields[$0.slot].id == element.id && fields[$0.slot].enterprise == element.enterprise
        }
        if let repeated {
            if field == .proto, outerProtocol == nil { outerProtocol = known[repeated] }
            known.remove(at: repeated)
        }
        known.append(candidate)
        candidates[field] = known
    }

    /// Elements that are no plain field of a column.
    private mutating func isSpecial(
        _ field: TemplateField, _ slot: Int, _ plan: inout RecordPlanDraft
    ) -> Bool {
        switch field.id {
        case 210:  // paddingOctets
            consumed.insert(slot)
            return true
        case 315, 104:  // dataLinkFrameSection, layer2packetSectionData
            plan.sections.append(PacketSection(slot: slot, linkType: .ethernet))
            consumed.insert(slot)
            return true
        case 313:  // ipHeaderPacketSection; LINKTYPE_RAW
            plan.sections.append(PacketSection(slot: slot, linkType: LinkType(rawValue: 101)))
            consumed.insert(slot)
            return true
        case 312:  // dataLinkFrameSize
            plan.sectionSize = slot
            return false
        case 410:  // sectionExportedOctets
            if plan.sectionSize == nil { plan.sectionSize = slot }
            return false
        case 291: plan.lists.append(StructuredField(slot: slot, kind: .basicList))
        case 292: plan.lists.append(StructuredField(slot: slot, kind: .subTemplateList))
        case 293: plan.lists.append(StructuredField(slot: slot, kind: .subTemplateMultiList))
        default: break
        }
        return false
    }

    // MARK: - Addresses

    /// Pairs the n-th source of a family with its n-th destination: each pair is a header.
    private mutating func compileAddresses(_ plan: inout RecordPlanDraft) {
        var pairs: [AddressPair] = []
        for (source, destination, length) in [(8, 12, 4), (27, 28, 16)]
            as [(UInt16, UInt16, UInt16)]
        {
            let sources = slots(of: source, length: length)
            let destinations = slots(of: destination, length: length)
            for index in 0..<max(sources.count, destinations.count) {
                pairs.append(
                    AddressPair(
                        source: index < sources.count ? sources[index] : nil,
                        destination: index < destinations.count ? destinations[index] : nil))
            }
            consumed.formUnion(sources)
            consumed.formUnion(destinations)
        }
        pairs.sort { $0.first < $1.first }
        for pair in pairs {
            if pair.source != nil { plan.columns.insert(.srcip) }
            if pair.destination != nil { plan.columns.insert(.dstip) }
        }
        guard pairs.count == 1 else {
            plan.headers = pairs
            return
        }
        if let source = pairs[0].source {
            plan.operations.append(FieldOperation(kernel: .address, field: .srcip, slot: source))
        }
        if let destination = pairs[0].destination {
            plan.operations.append(
                FieldOperation(kernel: .address, field: .dstip, slot: destination))
        }
    }

    private func slots(of id: UInt16, length: UInt16) -> [Int] {
        fields.indices.filter {
            fields[$0].enterprise == 0 && fields[$0].id == id && fields[$0].length == length
        }
    }

    // MARK: - Plain columns

    private mutating func compile(_ field: Field, _ plan: inout RecordPlanDraft) {
        guard let all = candidates[field] else { return }
        plan.columns.insert(field)
        let best = all.reduce(Int.max) { min($0, $1.rank) }
        let winner = all.last { $0.rank == best }
        switch ElementClaims.policy(field) {
        case .best:
            if let winner { append(field, winner, &plan) }
        case .bestOrUnion:
            if best == 0 {
                if let winner { append(field, winner, &plan) }
            } else {
                append(field, all[0], &plan)
                for candidate in all.dropFirst() { append(field, candidate, &plan, .numberUnion) }
            }
        case .nonZero, .onlyNonZero:
            // Worst rank first; each better one overwrites it where it is not zero.
            var isFirst = ElementClaims.policy(field) == .nonZero
            for rank in Set(all.map(\.rank)).sorted(by: >) {
                for candidate in all where candidate.rank == rank {
                    append(field, candidate, &plan, isFirst ? nil : .numberIfNonZero)
                    isFirst = false
                }
            }
        }
        if field == .proto, let outer = outerProtocol {
            plan.columns.insert(.tunproto)
            append(.tunproto, outer, &plan)
        }
    }

    private mutating func append(
        _ field: Field, _ candidate: Candidate, _ plan: inout RecordPlanDraft,
        _ merge: FieldOperation.Kernel? = nil
    ) {
        consumed.insert(candidate.slot)
        let kernel: FieldOperation.Kernel
        switch candidate.reading {
        case .number: kernel = merge ?? .number
        case .address: kernel = merge == nil ? .address : .addressIfSet
        case .milliseconds: kernel = .milliseconds
        case .seconds: kernel = .seconds
        case .ntp: kernel = .ntp
        case .beforeExport: kernel = .beforeExport
        case .uptime: kernel = .uptime
        }
        plan.operations.append(FieldOperation(kernel: kernel, field: field, slot: candidate.slot))
    }

    // MARK: - Columns of two elements

    private func slot(of id: UInt16) -> Int? {
        fields.indices.last {
            fields[$0].enterprise == 0 && fields[$0].id == id && fields[$0].length != 0
                && (fields[$0].isVariable || fields[$0].length <= 8)
        }
    }

    private mutating func compileRates(_ plan: inout RecordPlanDraft) {
        let pairs: [(UInt16, UInt16, FieldOperation.Kernel)] = [
            (305, 306, .intervalAndSpace), (309, 310, .sizeAndPopulation),
        ]
        for (first, second, kernel) in pairs {
            guard let one = slot(of: first), let other = slot(of: second) else { continue }
            consumed.formUnion([one, other])
            plan.columns.insert(.sampling)
            plan.operations.append(
                FieldOperation(kernel: kernel, field: .sampling, slot: one, second: other))
        }
    }

    /// IPFIX has no uptime in its header: stamps of it count from the system's start (160).
    private mutating func compileUptime(_ plan: inout RecordPlanDraft) {
        guard version == 10, let start = slot(of: 160) else { return }
        for index in plan.operations.indices where plan.operations[index].kernel == .uptime {
            plan.operations[index].kernel = .uptimeSinceInit
            plan.operations[index].second = start
            consumed.insert(start)
        }
    }

    private mutating func compileICMP(_ plan: inout RecordPlanDraft) {
        var icmp = ICMPSlots()
        icmp.combinedV4 = slot(of: 32)
        icmp.combinedV6 = slot(of: 139)
        icmp.typeV4 = slot(of: 176)
        icmp.codeV4 = slot(of: 177)
        icmp.typeV6 = slot(of: 178)
        icmp.codeV6 = slot(of: 179)
        icmp.port = slot(of: 11)
        icmp.hasProtocol = candidates[.proto] != nil
        guard !icmp.isEmpty else { return }
        for slot in [
            icmp.combinedV4, icmp.combinedV6, icmp.typeV4, icmp.codeV4, icmp.typeV6, icmp.codeV6,
        ] {
            if let slot { consumed.insert(slot) }
        }
        plan.columns.insert(.icmptype)
        plan.columns.insert(.icmpcode)
        plan.icmp = icmp
    }
}
