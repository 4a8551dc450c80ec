/// The beginning of an nfdump file.
///
///     layout 2   magic:16 version:16 program:32 created:64 compression:8 encryption:8
///                appendixBlocks:16 creator:32 appendix:64 blockSize:32 blocks:32          40 octets
///     layout 1   magic:16 version:16 flags:32 blocks:32 ident:1024 statistics:1088       276 octets
struct NfdumpHeader {
    static let layout1Octets = 276
    static let layout2Octets = 40

    var version: UInt16
    var codec: BlockCodec
    /// When the file was made, seconds since 1970; 0 in layout 1, which does not say.
    var created: UInt64 = 0
    /// Blocks of data; 0 while the collector is still writing.
    var blocks: UInt32
    /// Layout 1 has them here, layout 2 in records.
    var ident: String?
    var isAnonymised = false
    var statistics: NfdumpStatistics?
    /// Octets of the header.
    var octets: Int

    /// Reads the header, nil where more octets are needed.
    init?(_ bytes: RawSpan) throws(FlowFileError) {
        guard bytes.byteCount >= 4 else { return nil }
        switch bytes.little16(at: 0) {
        case 0xa50c: break
        case 0x0ca5: throw .byteOrderForeign
        default: throw .magicUnknown
        }
        version = bytes.little16(at: 2)
        switch version {
        case 2:
            octets = Self.layout2Octets
            guard bytes.byteCount >= octets else { return nil }
            created = bytes.little64(at: 8)
            codec = BlockCodec(rawValue: bytes.octet(at: 16))
            if bytes.octet(at: 17) != 0 { throw .encrypted }
            blocks = bytes.little32(at: 36)
        case 1:
            octets = Self.layout1Octets
            guard bytes.byteCount >= octets else { return nil }
            let flags = bytes.little32(at: 4)
            codec =
                flags & 0x01 != 0
                ? .lzo : flags & 0x08 != 0 ? .bzip2 : flags & 0x10 != 0 ? .lz4 : .none
            isAnonymised = flags & 0x02 != 0
            blocks = bytes.little32(at: 8)
            ident = bytes.text(at: 12, count: 128)
            statistics = NfdumpStatistics(
                flows: bytes.little64(at: 140),
                sequenceFailures: UInt64(bytes.little32(at: 272)))
        default: throw .versionUnknown(version)
        }
        guard codec.isKnown else { throw .compressionUnknown(codec.rawValue) }
    }
}

/// What the collector counted while it wrote the file.
struct NfdumpStatistics {
    /// Octets of the record in layout 2: flows, octets and packets in all and of four protocols, the
    /// first and last time, sequence failures.
    static let layout2Octets = 144

    var flows: UInt64
    var sequenceFailures: UInt64

    init(flows: UInt64, sequenceFailures: UInt64) {
        self.flows = flows
        self.sequenceFailures = sequenceFailures
    }

    /// Reads the record of layout 2; nil where it is shorter.
    init?(_ record: RawSpan) {
        guard record.byteCount >= Self.layout2Octets else { return nil }
        flows = record.little64(at: 0)
        sequenceFailures = record.little64(at: 136)
    }
}

/// The header of a block.
///
///     records:32 size:32 type:16 flags:16
struct NfdumpBlockHeader {
    static let octets = 12
    /// Octets of a block at most, compressed or not: nfdump's own limit.
    static let sizeMax = 5 << 20

    var size: Int
    var type: UInt16
    var isRaw: Bool

    /// Reads the header at `offset`; nil where it cannot be one.
    init?(_ bytes: RawSpan, at offset: Int) {
        size = Int(bytes.little32(at: offset + 4))
        type = bytes.little16(at: offset + 8)
        // Bit 0 in both layouts: not compressed although the file is.
        isRaw = bytes.little16(at: offset + 10) & 1 != 0
        guard size > 0, size <= Self.sizeMax else { return nil }
    }
}

/// What a record is.
struct NfdumpRecordType: RawRepresentable, Hashable {
    let rawValue: UInt16

    static let flow1Old = Self(rawValue: 1)
    static let extensionMap = Self(rawValue: 2)
    static let portHistogram = Self(rawValue: 3)
    static let sizeHistogram = Self(rawValue: 4)
    static let exporter = Self(rawValue: 7)
    static let exporterStatistics = Self(rawValue: 8)
    static let samplerOld = Self(rawValue: 9)
    static let flow1 = Self(rawValue: 10)
    static let flow3 = Self(rawValue: 11)
    static let applicationNames = Self(rawValue: 12)
    static let interfaceNames = Self(rawValue: 13)
    static let vrfNames = Self(rawValue: 14)
    static let sampler = Self(rawValue: 15)
    /// Fills up a block.
    static let slack = Self(rawValue: 256)
    static let ident = Self(rawValue: 0x8001)
    static let statistics = Self(rawValue: 0x8002)
}
