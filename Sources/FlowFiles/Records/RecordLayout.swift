import FlowModel

/// One field of a record that goes into a column.
struct FieldCopy {
    /// How the octets become a value.
    enum Kernel {
        /// An integer of 1, 2, 4 or 8 octets.
        case number(octets: Int)
        /// The same, and zero stands for "not known".
        case numberIfSet(octets: Int)
        /// An IPv4 address as an integer.
        case address4
        /// The same, and 0.0.0.0 stands for "none".
        case address4IfSet
        /// An IPv6 address as two integers of 64 bits, the upper one first.
        case address6
        /// Seconds since 1970, and milliseconds of `second` on top.
        case seconds(milliseconds: Int)
        /// Milliseconds of a router's uptime, by the clock of the record.
        case uptime(RecordClock)
        /// 1 where one of the bits is set.
        case oneIfBits(UInt8)
        /// The upper octet of a number, where the protocol at the other place is ICMP's.
        case icmpUpper(protocolAt: Int)
        /// The lower octet, likewise.
        case icmpLower(protocolAt: Int)
        /// The address of the exporter of that number.
        case exporterAddress
        /// The observation domain of the exporter of that number.
        case exporterDomain
        /// A one-octet type and a one-octet number of an engine, behind each other, as one number.
        case engine
        /// The same, and zero stands for "not known".
        case engineIfSet
    }

    var kernel: Kernel
    var field: Field
    /// Where the field begins in the record.
    var offset: Int
}

/// Where a record has the time at which its router was up for how long.
struct RecordClock {
    var seconds: Int
    var nanoseconds: Int
    var uptime: Int
}

/// An element of a record that has no column.
struct OtherPiece {
    /// What is kept of the record's octets.
    enum Content {
        /// An integer, kept in network order; zero stands for "not known".
        case number(octets: Int)
        /// Octets as they are; all zero stands for "not known".
        case octets(Int)
        /// Text up to the first NUL; empty stands for "not known".
        case text(octets: Int)
        /// Octets of a length that differs from record to record.
        case variable(octets: Int)
        /// The seconds of an integer of microseconds in eight octets.
        case wholeSeconds
        /// Its microseconds.
        case microseconds
    }

    var content: Content
    var element: OtherElement
    var offset: Int
}

/// How to make rows of the records of one kind.
struct RecordLayout {
    /// Octets of a record at least; nothing below reads behind them.
    let octets: Int
    let isBigEndian: Bool
    private(set) var copies: [FieldCopy] = []
    private(set) var others: [OtherPiece] = []

    init(octets: Int, isBigEndian: Bool) {
        self.octets = octets
        self.isBigEndian = isBigEndian
    }

    /// Adds a field; one that does not lie within the record is a mistake of ours.
    mutating func copy(_ kernel: FieldCopy.Kernel, at offset: Int, to field: Field) {
        let copy = FieldCopy(kernel: kernel, field: field, offset: offset)
        precondition(offset >= 0 && copy.end <= octets)
        copies.append(copy)
    }

    /// Adds a field that is copied before all others, so that they prevail.
    mutating func copyFirst(_ kernel: FieldCopy.Kernel, at offset: Int, to field: Field) {
        copy(kernel, at: offset, to: field)
        copies.insert(copies.removeLast(), at: 0)
    }

    /// Adds a number.
    mutating func number(_ octets: Int, at offset: Int, to field: Field) {
        copy(.number(octets: octets), at: offset, to: field)
    }

    /// Adds an element without a column.
    mutating func keep(
        _ content: OtherPiece.Content, at offset: Int, as id: UInt16, enterprise: UInt32 = 0
    ) {
        let piece = OtherPiece(
            content: content,
            element: OtherElement(enterprise: enterprise, id: id, length: content.length),
            offset: offset)
        // The bits of a row's mask, see `OtherWriter`.
        guard others.count < 64 else { return }
        precondition(offset >= 0 && offset + content.octets <= octets)
        others.append(piece)
    }
}

extension FieldCopy {
    /// Behind the last octet that it reads.
    var end: Int {
        switch kernel {
        case .number(let octets), .numberIfSet(let octets): offset + octets
        case .address4, .address4IfSet: offset + 4
        case .address6: offset + 16
        case .seconds(let milliseconds): max(offset + 4, milliseconds + 2)
        case .uptime(let clock):
            max(offset, clock.seconds, clock.nanoseconds, clock.uptime) + 4
        case .oneIfBits: offset + 1
        case .icmpUpper(let other), .icmpLower(let other): max(offset + 2, other + 1)
        case .exporterAddress, .exporterDomain, .engine, .engineIfSet: offset + 2
        }
    }
}

extension OtherPiece.Content {
    /// Octets of the record that it reads.
    var octets: Int {
        switch self {
        case .number(let octets), .octets(let octets), .text(let octets), .variable(let octets):
            octets
        case .wholeSeconds, .microseconds: 8
        }
    }

    /// The element's length as a template would say it.
    var length: UInt16 {
        switch self {
        case .number(let octets), .octets(let octets): UInt16(octets)
        case .text, .variable: OtherElement.variableLength
        case .wholeSeconds, .microseconds: 4
        }
    }
}
