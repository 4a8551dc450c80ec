public import FlowModel

/// What a test of a filter looks at.
public enum Quantity: Hashable, Sendable {
    /// A column. Counters (``FieldMeaning/counter``) are multiplied by `sampling` unless `--raw`.
    case field(Field)
    /// end − start in ms; absent where either is, 0 where end is before start.
    case duration
    /// Packets a second: packets × 1000 / duration; 0 where duration is 0.
    case pps
    /// Bits a second: bytes × 8000 / duration; 0 where duration is 0.
    case bps
    /// Octets a packet: bytes / packets; 0 where packets is 0.
    case bpp
}

/// What a test asks of the quantity.
///
/// A row where the quantity is absent fails every test.
public enum Condition: Hashable, Sendable {
    /// The number lies in one of the ranges, which are ascending, disjoint and not adjacent.
    /// No ranges: never.
    case inRanges([ClosedRange<UInt64>])
    /// number & mask == value.
    case masked(mask: UInt64, value: UInt64)
    /// The address lies in one of the ranges, which are ascending, disjoint and not adjacent.
    case inAddresses([ClosedRange<IPAddress>])
    /// The two columns' numbers are equal; for `ttl equal`.
    case equals(Field)
    /// The row has a value at all.
    case isPresent
    /// The row's elements without a column pass a test; only of ``Field/other``.
    case element(ElementTest)
}

/// A filter after parsing: everything that the language can say comes down to this.
///
/// `port 80` is `.or([srcport in 80…80, dstport in 80…80])`; `flags S` is
/// `.and([proto in 6…6, flags masked])`.
public indirect enum FlowExpression: Hashable, Sendable {
    /// Every row or none.
    case constant(Bool)
    /// One comparison.
    case test(Quantity, Condition)
    /// Every operand; at least two.
    case and([FlowExpression])
    /// Any operand; at least two.
    case or([FlowExpression])
    /// Not the operand: a row where a test fails for want of a value passes.
    case not(FlowExpression)
}
