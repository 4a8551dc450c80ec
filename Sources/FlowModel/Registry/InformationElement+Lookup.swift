extension InformationElement {
    /// IANA's own elements, and in NetFlow v9 every field type.
    public static let ianaEnterprise: UInt32 = 0
    /// The enterprise whose elements are the reverse direction of IANA's (RFC 5103 §6.1).
    public static let reverseEnterprise: UInt32 = 29305
    /// CERT/NetSA, whose exporter YAF marks the reverse direction with bit 14 of the element number.
    public static let certEnterprise: UInt32 = 6871
    /// VMware.
    public static let vmwareEnterprise: UInt32 = 6876

    /// The bit of an element number that CERT uses for the reverse direction.
    private static let certReverseBit: UInt16 = 0x4000

    private static let iana = parse(ElementTables.iana + " " + ElementTables.netflow9)
    private static let cert = parse(ElementTables.cert)
    private static let vmware = parse(ElementTables.vmware)

    /// The element, nil where it is not in the tables.
    public static func lookup(enterprise: UInt32, id: UInt16) -> InformationElement? {
        switch enterprise {
        case ianaEnterprise: return iana[id]
        case reverseEnterprise: return iana[id].map(reverse)
        case certEnterprise:
            if let element = cert[id] { return element }
            guard id & certReverseBit != 0 else { return nil }
            return cert[id & ~certReverseBit].map(reverse)
        case vmwareEnterprise: return vmware[id]
        default: return nil
        }
    }

    /// The name of any element: from the tables, else `e9id12` (enterprise 9) or `id12`.
    public static func name(of element: OtherElement) -> String {
        if let known = lookup(enterprise: element.enterprise, id: element.id) { return known.name }
        return element.enterprise == ianaEnterprise
            ? "id\(element.id)" : "e\(element.enterprise)id\(element.id)"
    }

    /// RFC 5103 §6.1: the name with "reverse" before it.
    private static func reverse(_ element: InformationElement) -> InformationElement {
        let name = element.name
        return InformationElement(
            name: "reverse" + name.prefix(1).uppercased() + name.dropFirst(), type: element.type)
    }

    private static func parse(_ table: String) -> [UInt16: InformationElement] {
        var elements: [UInt16: InformationElement] = [:]
        elements.reserveCapacity(512)
        for entry in table.split(separator: " ") {
            let parts = entry.split(separator: ":")
            guard parts.count == 3, let id = UInt16(parts[0]), let type = type(parts[2]) else {
                preconditionFailure("element table: \(entry)")
            }
            elements[id] = InformationElement(name: String(parts[1]), type: type)
        }
        return elements
    }

    private static func type(_ letter: Substring) -> DataType? {
        switch letter {
        case "u": .unsigned
        case "i": .signed
        case "f": .float
        case "b": .boolean
        case "m": .mac
        case "o": .octets
        case "t": .string
        case "S": .seconds
        case "M": .milliseconds
        case "U": .microseconds
        case "N": .nanoseconds
        case "a": .address
        case "l": .list
        default: nil
        }
    }
}
