public import FlowWire

/// Says in words what is wrong with exporters.
///
/// Pure: the instant that it judges by is given.
public struct Diagnosis: Sendable {
    /// When an exporter counts as silent: milliseconds since its latest datagram.
    ///
    /// Default: 10 minutes.
    public var silentAfter: UInt64 = 600_000
    /// When a silent exporter counts as gone, which is worth no more than a note.
    ///
    /// Default: a week.
    public var goneAfter: UInt64 = 604_800_000
    /// How long templates may go unrepeated, in milliseconds.
    ///
    /// Default: 30 minutes, the longest that routers have as default (RFC 7011 §8.4 leaves it open).
    public var templateAgeMax: UInt64 = 1_800_000
    /// How far an exporter's clock may be off, in milliseconds.
    ///
    /// Default: 5 s; the export time of IPFIX and v9 is in whole seconds.
    public var clockOffsetMax: Int64 = 5_000
    /// The share of lost units from which on it is said.
    ///
    /// Default: 0.1 %.
    public var lossMin = 0.001

    /// Whether the user has said what an exporter samples, so that what it fails to announce is no harm.
    ///
    /// Default: of none.
    public var ratesAreKnown: @Sendable (ExporterStatus) -> Bool = { _ in false }

    /// The defaults.
    public init() {}

    /// Judges all exporters as of `now`, ms since 1970; the worst first, then in the order given.
    public func diagnose(_ statuses: [ExporterStatus], at now: UInt64) -> [ExporterDiagnosis] {
        statuses.map { diagnose($0, at: now) }.enumerated()
            .sorted { a, b in
                let (first, second) = (weight(a.element), weight(b.element))
                return first != second ? first > second : a.offset < b.offset
            }
            .map(\.element)
    }

    private func weight(_ diagnosis: ExporterDiagnosis) -> Int {
        diagnosis.severity.map { $0.rawValue + 1 } ?? 0
    }

    /// Judges one exporter as of `now`, ms since 1970.
    public func diagnose(_ status: ExporterStatus, at now: UInt64) -> ExporterDiagnosis {
        let findings = [
            silence(status, now), loss(status), reordering(status), restarts(status),
            missingTemplates(status), templateAge(status), invalidTemplates(status),
            undecoded(status), sampling(status), clock(status), flowTimes(status),
            oldProtocol(status),
        ].compactMap { $0 }
        return ExporterDiagnosis(
            status: status, findings: findings.sorted { $0.severity > $1.severity },
            router: RouterModel(enterprises: status.enterprises))
    }

    // MARK: - What it says of each thing

    private func silence(_ status: ExporterStatus, _ now: UInt64) -> Finding? {
        let last = status.tally.lastReceived
        guard last > 0, now > last, now - last > silentAfter else { return nil }
        return Finding(
            severity: now - last > goneAfter ? .note : .problem, kind: .silent,
            what: "has sent nothing for \(durationText(now - last))",
            effect: "what it sees is missing since",
            remedy:
                "see that it runs and can reach this machine (its address, the route, a firewall "
                + "in between); tcpdump -n 'udp and src host \(status.sender)' shows whether "
                + "datagrams arrive")
    }

    private func loss(_ status: ExporterStatus) -> Finding? {
        let tally = status.tally
        let unit: String
        let arrived: UInt64
        switch status.exportProtocol {
        case .netflow9, .sflow5: (unit, arrived) = ("datagrams", tally.datagrams)
        case .ipfix: (unit, arrived) = ("records", tally.records &+ tally.optionsRecords)
        case .netflow1, .netflow5, .netflow7: (unit, arrived) = ("flows", tally.records)
        }
        guard tally.lost > 0 else { return nil }
        let share = Double(tally.lost) / (Double(tally.lost) + Double(arrived))
        guard share >= lossMin else { return nil }
        return Finding(
            severity: share >= 0.01 ? .problem : .warning, kind: .loss,
            what: "lost \(tally.lost) \(unit) on the way, \(percentText(share)) of what it sent",
            effect: "sums are too low by about that share",
            remedy: "if the kernel drops what the collector is too slow for (last column of "
                + "/proc/net/udp), raise net.core.rmem_max; else the loss is on the network: look at "
                + "the path's error counters, and give export traffic a class of its own")
    }

    private func reordering(_ status: ExporterStatus) -> Finding? {
        let tally = status.tally
        guard tally.reordered > 0, tally.datagrams > 0 else { return nil }
        let share = Double(tally.reordered) / Double(tally.datagrams)
        guard share >= 0.01 else { return nil }
        return Finding(
            severity: .note, kind: .reordering,
            what: "\(percentText(share)) of its datagrams come out of order, or twice",
            effect: "nothing is lost by it; a duplicate would be counted twice",
            remedy: "see whether the path is balanced by packet, or two forwarders send copies")
    }

    private func restarts(_ status: ExporterStatus) -> Finding? {
        let tally = status.tally
        guard tally.restarts > 0, tally.lastReceived > tally.firstReceived else { return nil }
        let span = tally.lastReceived - tally.firstReceived
        let isOften = tally.restarts >= 3 && span / tally.restarts < 86_400_000
        return Finding(
            severity: isOften ? .warning : .note, kind: .restarts,
            what: "started anew \(timesText(tally.restarts)) within \(durationText(span))",
            effect: isOften
                ? "flows in its cache are lost each time, and loss cannot be told by its numbers"
                : "flows in its cache at that moment are lost",
            remedy: isOften
                ? "two processes or line cards may share one address and domain: give each a domain of "
                    + "its own; else look at the router's log"
                : "nothing, if the restart was meant")
    }

    private func missingTemplates(_ status: ExporterStatus) -> Finding? {
        let dropped = status.tally.undecoded[.templateUnknown] ?? 0
        guard dropped > 0 || status.waitingSets > 0 else { return nil }
        var what: [String] = []
        if dropped > 0 {
            what.append("\(dropped) data sets came without a template and were given up")
        }
        if status.waitingSets > 0 {
            what.append(
                "\(status.waitingSets) data sets (\(status.waitingBytes) octets) wait for a template"
            )
        }
        return Finding(
            severity: dropped > 0 ? .problem : .warning, kind: .templateMissing,
            what: what.joined(separator: "; "),
            effect: "the flows in them are not stored until their template comes",
            remedy: "let it send its templates every minute")
    }

    private func templateAge(_ status: ExporterStatus) -> Finding? {
        guard let oldest = status.oldestTemplate, status.tally.lastReceived > oldest,
            status.templates > status.restoredTemplates
        else { return nil }
        let age = status.tally.lastReceived - oldest
        guard age > templateAgeMax else { return nil }
        return Finding(
            severity: .warning, kind: .templateAge,
            what:
                "did not repeat one of its \(status.templates) templates for \(durationText(age))",
            effect:
                "a collector that starts without them must wait as long; and if the template is no "
                + "longer used, nothing",
            remedy: "let it send its templates every minute")
    }

    private func invalidTemplates(_ status: ExporterStatus) -> Finding? {
        let reasons: [ExportCounters.Reason] = [
            .templateInvalid, .templateTooLarge, .templatesFull,
        ]
        let count = reasons.reduce(0) { $0 + (status.tally.undecoded[$1] ?? 0) }
        guard count > 0 else { return nil }
        return Finding(
            severity: .problem, kind: .templateInvalid,
            what: "sent \(count) templates that make no sense or are beyond the bounds",
            effect: "data of these templates are not stored",
            remedy: "see for a newer version of the router's system; a capture of the datagrams "
                + "(tcpdump -w) with a report helps to mend it here")
    }

    private func undecoded(_ status: ExporterStatus) -> Finding? {
        let known: Set<ExportCounters.Reason> = [
            .templateUnknown, .templateInvalid, .templateTooLarge, .templatesFull,
        ]
        let others = status.tally.undecoded.filter { !known.contains($0.key) && $0.value > 0 }
        guard !others.isEmpty else { return nil }
        let list = others.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", ")
        return Finding(
            severity: .warning, kind: .undecoded, what: "sent what could not be read: \(list)",
            effect: "what it concerns is not stored; the rest of the datagram is",
            remedy: "docs/operations.md says what each word means; a capture of the datagrams "
                + "(tcpdump -w) with a report helps to mend it here")
    }

    private func sampling(_ status: ExporterStatus) -> Finding? {
        let tally = status.tally
        guard tally.rateUnknown > 0, tally.flows > 0, !ratesAreKnown(status) else { return nil }
        return Finding(
            severity: .problem, kind: .samplingUnknown,
            what:
                "\(tally.rateUnknown) of its \(tally.flows) flows name a sampler whose rate had not "
                + "been announced",
            effect:
                "they are counted as they are, too low by the rate, until it is announced: then "
                + "it holds for them too",
            remedy:
                "let it send the sampler table as options data, or say the rate in exporters.overrides"
        )
    }

    private func clock(_ status: ExporterStatus) -> Finding? {
        guard let offset = status.tally.clockOffset, offset.magnitude > UInt64(clockOffsetMax)
        else {
            return nil
        }
        return Finding(
            severity: offset.magnitude > 86_400_000 ? .problem : .warning, kind: .clock,
            what: "has a clock that is \(durationText(offset.magnitude)) "
                + (offset > 0 ? "ahead" : "behind"),
            effect:
                "times of its flows are off by that; they are kept as sent, and filed by arrival",
            remedy: "let it and this machine take their time from NTP")
    }

    private func flowTimes(_ status: ExporterStatus) -> Finding? {
        let tally = status.tally
        guard tally.clockSkewed > 0 else { return nil }
        return Finding(
            severity: .warning, kind: .flowTimes,
            what:
                "\(tally.clockSkewed) of its \(tally.flows) flows bear times over a day from their "
                + "arrival",
            effect: "queries by start or end do not find them where they belong",
            remedy:
                "set its clock; if that is right, the router counts its uptime wrong: see for a "
                + "newer version of its system")
    }

    private func oldProtocol(_ status: ExporterStatus) -> Finding? {
        switch status.exportProtocol {
        case .netflow1, .netflow5, .netflow7: break
        case .netflow9, .ipfix, .sflow5: return nil
        }
        return Finding(
            severity: .note, kind: .oldProtocol, what: "speaks \(status.exportProtocol.title)",
            effect: "it carries no IPv6, VLAN or MAC address, and AS numbers of 16 bits",
            remedy: "let it speak IPFIX or NetFlow v9 if it can")
    }
}
