import FlowModel

/// How the lines of a layout are to look.
public struct LayoutStyle: Sendable, Hashable {
    /// Counters and protocols as plain numbers, durations in seconds (nfdump's `-N`).
    public var isPlain: Bool
    /// IPv6 addresses whole instead of their first and last seven octets (nfdump's `-6`).
    public var showsWholeAddresses: Bool
    /// Only the flows: no head, no summary (nfdump's `-q`).
    public var isQuiet: Bool

    /// Describes a style; the default is nfdump's.
    public init(isPlain: Bool = false, showsWholeAddresses: Bool = false, isQuiet: Bool = false) {
        self.isPlain = isPlain
        self.showsWholeAddresses = showsWholeAddresses
        self.isQuiet = isQuiet
    }
}

/// A row of a ``RowTable``.
struct LayoutRow {
    let table: RowTable
    /// The place of its first value.
    let base: Int

    @inline(__always)
    func has(_ slot: UInt8) -> Bool { table.present[base &+ Int(slot)] != 0 }

    @inline(__always)
    func has(_ slot: FlowLayout.Slot) -> Bool { has(slot.rawValue) }

    @inline(__always)
    func number(_ slot: FlowLayout.Slot) -> UInt64 { number(slot.rawValue) }

    /// The number, 0 where there is none.
    @inline(__always)
    func number(_ slot: UInt8) -> UInt64 { table.values[base &+ Int(slot)].low }

    /// The elements that have no column.
    var elements: [OtherElements.Named] {
        let row = base / table.width
        return row < table.elements.count ? table.elements[row] : []
    }

    /// The address; nil where there is none.
    @inline(__always)
    func address(_ slot: UInt8) -> IPAddress? {
        has(slot) ? table.values[base &+ Int(slot)] : nil
    }
}

/// Prints rows as lines of a layout.
struct LayoutLine {
    private enum Step {
        case tag(FlowTag.Form, slots: InlineArray<10, UInt8>, count: Int)
        case text([UInt8])
    }

    /// What stands over the lines.
    let head: [UInt8]

    private let steps: [Step]
    private let style: LayoutStyle
    private let addressWidth: Int
    private var local: InstantText
    private var utc: InstantText

    /// - Parameters:
    ///   - layout: what to print.
    ///   - style: how.
    ///   - times: the zone of the times.
    init(_ layout: FlowLayout, style: LayoutStyle, times: TimeText) {
        let columns = layout.columns
        let places = Dictionary(
            uniqueKeysWithValues: columns.enumerated().map { ($1, UInt8($0)) })
        var head: [UInt8] = []
        var steps: [Step] = []
        for piece in layout.pieces {
            switch piece {
            case .text(let text):
                head.append(contentsOf: repeatElement(UInt8(ascii: " "), count: text.count))
                steps.append(.text(text))
            case .tag(let tag):
                if tag.isAddress && style.showsWholeAddresses {
                    head.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 23))
                }
                head.append(contentsOf: tag.head.utf8)
                var slots = InlineArray<10, UInt8>(repeating: 0)
                for (index, field) in tag.fields.enumerated() { slots[index] = places[field] ?? 0 }
                steps.append(.tag(tag.form, slots: slots, count: tag.fields.count))
            }
        }
        self.head = head
        self.steps = steps
        self.style = style
        addressWidth = style.showsWholeAddresses ? 39 : 16
        local = InstantText(times)
        utc = InstantText(TimeText(now: times.now, zone: .utc))
    }

    /// Appends the line of a row, the `ordinal`th.
    mutating func append(_ row: LayoutRow, ordinal: UInt64, to text: inout [UInt8]) {
        for step in steps {
            switch step {
            case .text(let constant): text.append(contentsOf: constant)
            case .tag(.ordinal, _, _): text.append(ordinal, width: 5)
            case .tag(let form, let slots, let count):
                append(form, row, slots, count, to: &text)
            }
        }
        text.append(UInt8(ascii: "\n"))
    }

    private mutating func append(
        _ form: FlowTag.Form, _ row: LayoutRow, _ slots: InlineArray<10, UInt8>, _ count: Int,
        to text: inout [UInt8]
    ) {
        let first = row.number(slots[0])
        switch form {
        case .instant(let isUTC): append(instant: first, isUTC: isUTC, to: &text)
        case .epoch: text.append(seconds: first, width: 14)
        case .duration(let isSeconds):
            let duration = Self.duration(row, slots[0], slots[1])
            if isSeconds || style.isPlain {
                text.append(seconds: duration, width: 16)
            } else {
                text.append(clock: duration)
            }
        case .counter: append(counter: first, to: &text)
        case .rate(let times):
            let duration = Self.duration(row, slots[0], slots[1])
            let product = row.number(slots[2]).multipliedReportingOverflow(by: times)
            let rate =
                duration == 0 ? 0 : (product.overflow ? .max : product.partialValue) / duration
            append(counter: rate, to: &text)
        case .bytesPerPacket:
            let packets = row.number(slots[1])
            text.append(packets == 0 ? 0 : first / packets, width: 6)
        case .flows: text.append(max(row.has(slots[0]) ? first : 1, 1), width: 5)
        case .number(let width, let lead):
            for _ in 0..<lead { text.append(UInt8(ascii: " ")) }
            text.append(first, width: width)
        case .numbers:
            text.append(first, width: 5)
            text.append(UInt8(ascii: " "))
            text.append(row.number(slots[1]), width: 5)
        case .service:
            let service = Service(slots, from: 0)
            text.append(rightIn: 6) { service.append(row, to: &$0) }
        case .icmp(let shift):
            let number = row.has(slots[0]) ? first : row.number(slots[1]) >> shift & 0xff
            text.append(number, width: 6)
        case .transportProtocol:
            text.append(leftIn: 5) {
                if style.isPlain {
                    $0.append(decimal: first)
                } else {
                    LayoutNames.append(transportProtocol: first, to: &$0)
                }
            }
        case .flags:
            let flags = first == 6 ? row.number(slots[1]) : 0
            if style.isPlain {
                text.append(flags, width: 8)
            } else {
                text.append(tcpFlags: flags)
            }
        case .direction: text.append(contentsOf: (first == 0 ? "  I" : "  E").utf8)
        case .address: append(address: row.address(slots[0]), to: &text)
        case .addressPort:
            let address = row.address(slots[0])
            append(address: address, to: &text)
            text.append(Self.mark(before: address))
            text.append(leftIn: 5) { $0.append(decimal: row.number(slots[1])) }
        case .addressService:
            let address = row.address(slots[0])
            append(address: address, to: &text)
            text.append(Self.mark(before: address))
            let service = Service(slots, from: 1)
            text.append(leftIn: 5) { service.append(row, to: &$0) }
        case .addressCountry: append(place: row, slots[0], slots[1], to: &text)
        case .addressCountryPort:
            append(place: row, slots[0], slots[1], to: &text)
            text.append(Self.mark(before: row.address(slots[0])))
            text.append(leftIn: 5) { $0.append(decimal: row.number(slots[2])) }
        case .addressCountryService:
            append(place: row, slots[0], slots[1], to: &text)
            text.append(Self.mark(before: row.address(slots[0])))
            let service = Service(slots, from: 2)
            text.append(leftIn: 5) { service.append(row, to: &$0) }
        case .network:
            let mask = row.number(slots[1])
            append(address: row.address(slots[0]).map { Self.network($0, mask) }, to: &text)
            text.append(UInt8(ascii: "/"))
            text.append(leftIn: 2) { $0.append(decimal: mask) }
        case .mac: text.append(mac: first)
        case .country: Self.append(country: row, slots[0], to: &text)
        case .engine:
            text.append(first >> 8 & 0xff, width: 3)
            text.append(UInt8(ascii: "/"))
            text.append(leftIn: 3) { $0.append(decimal: first & 0xff) }
        case .elements(let tag):
            tag.append(row.elements, to: &text) { append(instant: $0, isUTC: false, to: &$1) }
        case .labels:
            for index in 0..<count {
                let entry = row.number(slots[index])
                text.append(entry >> 4, width: 8)
                text.append(UInt8(ascii: "-"))
                text.append(decimal: (entry & 15) >> 1)
                text.append(UInt8(ascii: "-"))
                text.append(decimal: entry & 1)
                if count > 1 { text.append(UInt8(ascii: " ")) }
            }
        case .domain: text.append(hexadecimal: first, digits: row.has(slots[0]) ? 9 : 2)
        case .event: append(event: row, slots, to: &text)
        case .newline: text.append(UInt8(ascii: "\n"))
        case .ordinal: preconditionFailure("the line number is no field")
        }
    }

    /// The columns that a destination port is printed from: the port, or of ICMP `type.code`.
    struct Service {
        var port: UInt8
        var proto: UInt8
        var type: UInt8
        var code: UInt8

        init(port: UInt8, proto: UInt8, type: UInt8, code: UInt8) {
            self.port = port
            self.proto = proto
            self.type = type
            self.code = code
        }

        @inline(__always)
        init(_ slots: InlineArray<10, UInt8>, from first: Int) {
            self.init(
                port: slots[first], proto: slots[first + 1], type: slots[first + 2],
                code: slots[first + 3])
        }

        @inline(__always)
        func append(_ row: LayoutRow, to text: inout [UInt8]) {
            let port = row.number(port)
            guard row.number(proto) == 1 || row.number(proto) == 58 else {
                text.append(decimal: port)
                return
            }
            // NetFlow v5 keeps both in the port.
            text.append(decimal: row.has(type) ? row.number(type) : port >> 8)
            text.append(UInt8(ascii: "."))
            text.append(decimal: row.has(code) ? row.number(code) : port & 0xff)
        }
    }

    /// The length in ms, 0 where an end is missing or before the start.
    @inline(__always)
    static func duration(_ row: LayoutRow, _ start: UInt8, _ end: UInt8) -> UInt64 {
        let (first, last) = (row.number(start), row.number(end))
        return first == 0 || last <= first ? 0 : last - first
    }

    @inline(__always)
    private static func mark(before address: IPAddress?) -> UInt8 {
        address?.isV4 ?? true ? UInt8(ascii: ":") : UInt8(ascii: ".")
    }

    /// The address cut to its mask; nfdump leaves it alone where the mask is 0, but for the lower half
    /// of IPv6.
    private static func network(_ address: IPAddress, _ mask: UInt64) -> IPAddress {
        let mask = Int(min(mask, 128))
        if address.isV4 { return mask == 0 ? address : address.masked(to: 96 + min(mask, 32)) }
        return address.masked(to: mask == 0 ? 64 : mask)
    }

    private func append(counter value: UInt64, to text: inout [UInt8]) {
        if value < 1_000_000 || style.isPlain {
            text.append(value, width: 8)
        } else {
            text.append(rightIn: 8) { $0.append(counter: value, isPlain: false, minimum: 5) }
        }
    }

    private mutating func append(instant: UInt64, isUTC: Bool, to text: inout [UInt8]) {
        if instant == 0 {
            text.append(contentsOf: "0000-00-00 00:00:00.000".utf8)
        } else if isUTC {
            utc.append(instant, to: &text)
        } else {
            local.append(instant, to: &text)
        }
    }

    private static func append(country row: LayoutRow, _ slot: UInt8, to text: inout [UInt8]) {
        if row.has(slot) {
            text.append(country: row.number(slot))
        } else {
            text.append(contentsOf: "..".utf8)
        }
    }

    /// An address and its country.
    private func append(
        place row: LayoutRow, _ address: UInt8, _ country: UInt8, to text: inout [UInt8]
    ) {
        append(address: row.address(address), to: &text)
        text.append(UInt8(ascii: "("))
        Self.append(country: row, country, to: &text)
        text.append(UInt8(ascii: ")"))
    }

    private func append(address: IPAddress?, to text: inout [UInt8]) {
        text.append(rightIn: addressWidth) {
            if style.showsWholeAddresses {
                $0.append(library: address ?? .v4Zero)
            } else {
                $0.append(condensed: address ?? .v4Zero)
            }
        }
    }

    private func append(
        event row: LayoutRow, _ slots: InlineArray<10, UInt8>, to text: inout [UInt8]
    ) {
        let event = row.number(slots[0])
        if style.isPlain {
            text.append(decimal: event)
            return
        }
        let isNAT = row.has(slots[1]) && row.number(slots[1]) == event
        let name =
            !row.has(slots[0])
            ? "<no-evt>" : isNAT ? LayoutNames.natEvent(event) : LayoutNames.firewallEvent(event)
        text.append(rightIn: 8) { $0.append(contentsOf: name.utf8) }
    }
}
