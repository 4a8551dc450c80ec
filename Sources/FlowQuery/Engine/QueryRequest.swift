public import FlowModel
public import FlowStore

/// What rows are grouped by.
public enum GroupKey: Hashable, Sendable {
    /// A column's value.
    case field(Field)
    /// An address column cut to a prefix: `srcip/24`. Lengths are in the family's own bits; a family
    /// whose length is nil is not cut (`srcip/24` leaves IPv6 alone, `srcip/64` leaves IPv4 alone).
    case prefix(Field, v4: Int?, v6: Int?)
    /// A time column cut to multiples of `step` ms since 1970: `start/5m`.
    case bucket(Field, step: UInt64)

    /// The column that is grouped by.
    public var field: Field {
        switch self {
        case .field(let field), .prefix(let field, _, _), .bucket(let field, _): field
        }
    }
}

/// What groups and top lists are ordered by, largest first.
///
/// Flows of metered traffic, and some that are exported (RFC 5103), carry both directions. Their
/// reverse counters are summed in columns of their own, `rpackets` and `rbytes`, and order nothing:
/// a group counts what its sources sent, as it does where an exporter sends a flow for each
/// direction. So a download ranks low by `bytes` where the client opened the connection; `rbytes`
/// beside it shows it.
public enum GroupOrder: String, Sendable, CaseIterable {
    /// Number of flows.
    case flows
    /// Packets, forward.
    case packets
    /// Octets, forward.
    case bytes
    /// Packets a second over the group's time from first start to last end.
    case pps
    /// Bits a second over that time.
    case bps
    /// Octets a packet.
    case bpp
    /// Number of distinct values of ``QueryRequest/distinct``.
    case distinct
}

/// A quantity to list flows by, and the direction.
public struct FlowSort: Hashable, Sendable {
    /// By what.
    public var quantity: Quantity
    /// Largest first.
    public var descending: Bool

    /// Makes a sort order.
    public init(_ quantity: Quantity, descending: Bool) {
        self.quantity = quantity
        self.descending = descending
    }
}

/// A column of a list of flows.
public enum FlowOutput: Hashable, Sendable {
    /// A stored or derived quantity. `sampling` is the resolved rate; counters are scaled unless raw.
    case quantity(Quantity)
    /// Elements without a column of their own.
    case other
}

/// One question to a store.
public struct QueryRequest: Sendable {
    /// What kind of answer is wanted.
    public enum Kind: Sendable {
        /// One row: flows, packets, bytes, first start, last end.
        ///
        /// Where a block that was searched has reverse counters, this and the other sums have rpackets
        /// and rbytes after bytes.
        case total
        /// Groups with their sums and share, the `top` first by `order`; `top` 0 = all.
        case groups(by: [GroupKey], order: GroupOrder, top: Int)
        /// Time buckets of `step` ms by `start`, empty ones included; `by` splits each bucket.
        ///
        /// Where the window has not both ends, at most 100,000 empty buckets are included: one flow
        /// with a wild clock must not bury the answer. The longest runs are left out, and counted.
        case series(step: UInt64, by: [GroupKey])
        /// The flows themselves; `limit` 0 = all. Without a sort in the order stored.
        case flows(fields: [FlowOutput], sort: FlowSort?, limit: Int)
    }

    /// Which flows.
    public var filter: FlowExpression
    /// Only flows whose start (`received` where a flow has no start) lies in [from, to), ms since 1970.
    public var from: UInt64?
    /// See ``from``.
    public var to: UInt64?
    /// Widens ``from``/``to`` to all flows that touch the window.
    public var overlap = false
    /// Joins the flows of both directions of a conversation to one, which is then listed or grouped.
    ///
    /// Flows of the same protocol, addresses and ports, sides swapped or not, become a row that is seen
    /// from the client: the side whose flow began first, of flows that began at once the one with the
    /// higher port. `packets` and `bytes` are what the client sent, `rpackets` and `rbytes` what it
    /// got, `start` and `end` the first and the last, `flows` how many were joined. What a flow carries
    /// of the reverse direction itself (RFC 5103) counts for the other side. The filter is about flows.
    /// Groups, series and totals have a column `conversations` in the place of `flows`; not together
    /// with ``spread``.
    public var bidirectional = false
    /// Divides each flow over the buckets that it spans, in series only.
    ///
    /// The division is in proportion to time, into integers that sum to the flow's exactly. A flow is
    /// counted in the first of its buckets. With ``overlap`` only the part within the window counts.
    public var spread = false
    /// Counters as exported, not multiplied by `sampling`.
    public var raw = false
    /// Lets rollups answer instead of flows where they can.
    public var rollups = true
    /// What is wanted.
    public var kind: Kind
    /// Threads; 0 = one a core.
    public var threads = 0
    /// Octets that rows and groups may take before they go to temporary files.
    public var memory = Self.memoryDefault
    /// Fields whose different values, all fields together, are counted in each group, bucket or the
    /// total; a flow without one of them is not counted there.
    ///
    /// Exact up to 100,000 values of a group, estimated beyond.
    public var distinct: [GroupKey] = []
    /// What is asked of the values of quantities in each group, bucket or the total.
    public var statistics: [ValueStatistics] = []

    /// Makes a request.
    public init(filter: FlowExpression, kind: Kind) {
        self.filter = filter
        self.kind = kind
    }

    /// Whether more than sums is asked of groups.
    var hasDetails: Bool { !distinct.isEmpty || !statistics.isEmpty }

    /// The time that the answer can depend on, which a store is opened for.
    public var window: StoreWindow { StoreWindow(from: from, to: to, overlap: overlap) }
}
