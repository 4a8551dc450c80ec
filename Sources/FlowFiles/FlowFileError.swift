/// Why a file of flows cannot be read at all.
///
/// What is wrong further inside is counted instead, see ``FlowFileCounters``.
public enum FlowFileError: Error, Hashable, CustomStringConvertible {
    /// The file ends within its header, which needs that many octets.
    case headerTruncated(need: Int, have: Int)
    /// The file does not begin as its format does.
    case magicUnknown
    /// An nfdump file of a machine with the other byte order; nfdump does not read it elsewhere either.
    case byteOrderForeign
    /// A layout or stream version that is not known.
    case versionUnknown(UInt16)
    /// A kind of records that is not known (flow-tools: the export version and aggregation method).
    case recordsUnknown(version: UInt16, aggregation: UInt8)
    /// A compression that is not known.
    case compressionUnknown(UInt8)
    /// The file is encrypted.
    case encrypted
    /// A header longer than any that makes sense.
    case headerTooLong(octets: UInt32)
    /// A library that decompresses has no memory.
    case noMemory

    /// What is wrong.
    public var description: String {
        switch self {
        case .headerTruncated(let need, let have):
            "the file ends within its header: \(have) of at least \(need) octets are there"
        case .magicUnknown: "the file does not begin as its format does"
        case .byteOrderForeign:
            "was written on a machine of the other byte order; convert it there "
                + "(nfdump -r FILE -o csv) and import it with --as csv"
        case .versionUnknown(let version): "layout version \(version) is not known"
        case .recordsUnknown(let version, let aggregation):
            aggregation == 0
                ? "records of export version \(version) are not known"
                : "records of export version \(version), aggregation \(aggregation), are not known"
        case .compressionUnknown(let number): "compression \(number) is not known"
        case .encrypted: "is encrypted"
        case .headerTooLong(let octets): "a header of \(octets) octets; the file is damaged"
        case .noMemory: "no memory to decompress it"
        }
    }
}
