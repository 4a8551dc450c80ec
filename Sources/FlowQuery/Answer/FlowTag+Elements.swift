import FlowModel

/// The tags of what has no column: elements kept in `other`.
extension FlowTag {
    private static func element(_ name: String, _ head: String, _ tag: ElementTag) -> FlowTag {
        FlowTag(name, head, .elements(tag), [.other])
    }

    private static func number(
        _ name: String, _ head: String, _ id: UInt16, enterprise: UInt32 = 0, width: Int
    ) -> FlowTag {
        element(
            name, head,
            ElementTag(.number(width: width), .number, .init(id, enterprise: enterprise)))
    }

    private static let nokia: UInt32 = 637

    static let elements =
        [
            element("cl", "C Latency", ElementTag(.milliseconds, .latency(0))),
            element("sl", "S latency", ElementTag(.milliseconds, .latency(1))),
            element("al", "A latency", ElementTag(.milliseconds, .latency(2))),
            element("tevt", "Event time             ", ElementTag(.instant, .number, .init(323))),
            number("msec", "   Event Time", 323, width: 13),
            number("nfc", "   Conn-ID", 148, width: 10),
            element(
                "flid", "               flowID", ElementTag(.flowID(width: 13), .number, .init(148))
            ),
            element("xevt", " XEvent", ElementTag(.extendedEvent, .number, .init(33002))),
            element(
                "iacl", "Ingress ACL                     ",
                ElementTag(.accessList(isHexadecimal: true), .words, .init(33000))),
            element(
                "eacl", "Egress ACL                      ",
                ElementTag(.accessList(isHexadecimal: false), .words, .init(33001))),
            element("uname", "UserName", ElementTag(.text(absent: "<empty>"), .text, .init(40000))),
            number("pbstart", "Pb-Start", 361, width: 7), number("pbend", "Pb-End", 362, width: 7),
            number("pbstep", "Pb-Step", 363, width: 7), number("pbsize", "Pb-Size", 364, width: 7),
            element("nbid", "nbar ID", ElementTag(.application, .octets, .init(95))),
            element("opid", "  obsPointID", ElementTag(.point, .number, .init(138))),
            number("bfd", "Bfd", 239, width: 3),
            element("frag", "Frag", ElementTag(.fragmentFlags, .number, .init(197))),
            number("isid", " inSrvID", 91, enterprise: nokia, width: 8),
            number("osid", "outSrvID", 92, enterprise: nokia, width: 8),
            element(
                "nats", "nat string",
                ElementTag(.text(absent: "<unknown>"), .text, .init(93, enterprise: nokia))),
        ]
}
