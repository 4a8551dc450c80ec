/// An element of the IANA registry "IPFIX Information Elements", or of an enterprise that we know.
public struct InformationElement: Hashable, Sendable {
    /// Abstract data types (RFC 7012 §3.1), as far as printing needs them.
    public enum DataType: Hashable, Sendable {
        /// unsigned8 to unsigned64, also reduced in size.
        case unsigned
        /// signed8 to signed64.
        case signed
        /// float32, float64.
        case float
        /// boolean: 1 true, 2 false.
        case boolean
        /// macAddress.
        case mac
        /// octetArray.
        case octets
        /// UTF-8 string.
        case string
        /// Seconds, milliseconds since 1970.
        case seconds, milliseconds
        /// NTP 64-bit stamps.
        case microseconds, nanoseconds
        /// ipv4Address, ipv6Address.
        case address
        /// basicList, subTemplateList, subTemplateMultiList (RFC 6313).
        case list
    }

    /// Its name in the registry.
    public let name: String
    /// Its abstract data type.
    public let type: DataType

    /// A value for printing.
    public enum Value: Hashable, Sendable {
        /// An unsigned integer, also stamps as sent.
        case unsigned(UInt64)
        /// A signed integer.
        case signed(Int64)
        /// A float.
        case real(Double)
        /// A boolean.
        case boolean(Bool)
        /// Text: strings, addresses, MAC addresses.
        case text(String)
        /// Octets in hexadecimal with `0x` before them.
        case hexadecimal(String)
    }
}
