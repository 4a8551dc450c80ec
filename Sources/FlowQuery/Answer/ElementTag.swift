import FlowModel

/// How a tag of a layout prints elements that have no column.
struct ElementTag: Sendable, Hashable {
    /// How the value is printed.
    enum Form: Sendable, Hashable {
        /// A number, 0 where there is none.
        case number(width: Int)
        /// `0x` and a number as wide as that.
        case flowID(width: Int)
        /// `0x` and ten hexadecimal digits; `0x00` where there is none.
        case point
        /// Microseconds, as milliseconds with three decimals.
        case milliseconds
        /// `2016-06-07 12:38:20.123`, of milliseconds since 1970.
        case instant
        /// The numbers of an access list, its entry and that one's extension.
        case accessList(isHexadecimal: Bool)
        /// Why a firewall denied.
        case extendedEvent
        /// Text, or what stands for it where there is none.
        case text(absent: String)
        /// `engine..selector` of RFC 6759 §4.1, `20..enterprise..selector` where that is private.
        case application
        /// `DFMF`, `--` for a flag that is not set (IPFIX element 197).
        case fragmentFlags
    }

    let form: Form
    let source: ElementSource

    init(_ form: Form, _ reading: ElementSource.Reading, _ elements: ElementSource.Element...) {
        self.form = form
        source = ElementSource(elements, reading)
    }

    init(_ form: Form, _ source: ElementSource) {
        self.form = form
        self.source = source
    }

    /// Appends what the elements of a row say.
    ///
    /// - Parameter instant: writes milliseconds since 1970.
    func append(
        _ row: [OtherElements.Named], to text: inout [UInt8],
        instant: (UInt64, inout [UInt8]) -> Void
    ) {
        switch form {
        case .number(let width): text.append(number(row) ?? 0, width: width)
        case .flowID(let width):
            text.append(contentsOf: "0x".utf8)
            text.append(number(row) ?? 0, width: width)
        case .point:
            text.append(hexadecimal: number(row) ?? 0, digits: number(row) == nil ? 2 : 10)
        case .milliseconds:
            text.append(seconds: number(row) ?? 0, width: 9)
        case .instant: instant(number(row) ?? 0, &text)
        case .accessList(let isHexadecimal): append(list: octets(row), isHexadecimal, to: &text)
        case .extendedEvent:
            let name = number(row).map(LayoutNames.extendedFirewallEvent) ?? "<no-evt>"
            text.append(rightIn: 7) { $0.append(contentsOf: name.utf8) }
        case .text(let absent):
            let value = (octets(row) ?? []).prefix(while: { $0 != 0 })
            // What an exporter calls itself may not steer a terminal.
            for octet in value.isEmpty ? Array(absent.utf8)[...] : value {
                text.append(octet < 0x20 || octet == 0x7f ? UInt8(ascii: ".") : octet)
            }
        case .application: append(application: octets(row), to: &text)
        case .fragmentFlags:
            let flags = number(row) ?? 0
            text.append(contentsOf: (flags & 0x40 != 0 ? "DF" : "--").utf8)
            text.append(contentsOf: (flags & 0x20 != 0 ? "MF" : "--").utf8)
        }
    }

    private func octets(_ row: [OtherElements.Named]) -> [UInt8]? {
        for named in row where factor(of: named.element) != nil { return named.octets }
        return nil
    }

    /// The first of the numbers; of a sum their sum.
    private func number(_ row: [OtherElements.Named]) -> UInt64? {
        var sum: UInt64?
        for named in row {
            guard let factor = factor(of: named.element), (1...8).contains(named.octets.count)
            else { continue }
            let number = named.octets.reduce(0) { $0 << 8 | UInt64($1) }
            guard case .sum = source.reading else { return number }
            sum = (sum ?? 0).clampedAdding(number.scaled(by: factor))
        }
        return sum
    }

    private func factor(of element: OtherElement) -> UInt64? {
        source.elements.first { $0.enterprise == element.enterprise && $0.id == element.id }?.factor
    }

    private func append(list: [UInt8]?, _ isHexadecimal: Bool, to text: inout [UInt8]) {
        for place in 0..<3 {
            if place > 0 { text.append(UInt8(ascii: " ")) }
            let octets = list.flatMap { $0.count == 12 ? $0[(4 * place)..<(4 * place + 4)] : nil }
            let number = (octets ?? []).reduce(0) { $0 << 8 | UInt64($1) }
            if isHexadecimal {
                text.append(leftIn: 10) { $0.append(hexadecimal: number, digits: 1) }
            } else {
                text.append(number, width: 10)
            }
        }
    }

    private func append(application octets: [UInt8]?, to text: inout [UInt8]) {
        guard let octets, let engine = octets.first else {
            text.append(contentsOf: "0..0..0".utf8)
            return
        }
        text.append(UInt64(engine), width: 2)
        var rest = octets.dropFirst()
        func number(_ octets: ArraySlice<UInt8>) -> UInt64 {
            octets.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
        if engine == 20, rest.count >= 4 {
            text.append(contentsOf: "..".utf8)
            text.append(decimal: number(rest.prefix(4)))
            rest = rest.dropFirst(4)
        }
        text.append(contentsOf: "..".utf8)
        text.append(decimal: number(rest))
    }
}
