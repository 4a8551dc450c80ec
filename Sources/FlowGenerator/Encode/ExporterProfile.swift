/// A router that exports: who it says it is.
public struct ExporterProfile: Hashable, Sendable {
    /// Its place in the fleet, and the engine of NetFlow v5.
    public var index: Int
    /// The IPv4 address that its datagrams come from, as a number.
    public var address: UInt32
    /// The UDP port that they come from.
    public var port: UInt16
    /// IPFIX observation domain, v9 source id, sFlow sub-agent.
    public var domain: UInt32
    /// When it was started, ms since 1970; what its uptime counts from.
    public var boot: UInt64
    /// 1 in how many packets it samples; 1 = all.
    public var sampling: UInt32

    /// Describes a router.
    public init(
        index: Int, address: UInt32, port: UInt16, domain: UInt32, boot: UInt64, sampling: UInt32
    ) {
        self.index = index
        self.address = address
        self.port = port
        self.domain = domain
        self.boot = boot
        self.sampling = sampling
    }

    /// The three routers of a script: 192.0.2.1 to 192.0.2.3, domains 0 to 2, up for days.
    ///
    /// None is up for so long that its uptime wraps within the first two weeks.
    public static func fleet(of script: FlowScript, sampling: UInt32 = 1) -> [ExporterProfile] {
        let uptimes: [UInt64] = [31, 12, 3]
        return uptimes.enumerated().map { index, days in
            ExporterProfile(
                index: index, address: 0xc000_0201 + UInt32(index), port: UInt16(50_001 + index),
                domain: UInt32(index), boot: script.start - min(days * 86_400_000, script.start),
                sampling: max(sampling, 1))
        }
    }

    /// The uptime at `time`, which wraps after 49.7 days.
    func uptime(at time: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: time &- boot) }
}
