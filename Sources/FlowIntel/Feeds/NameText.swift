/// Host names as feeds write them, and as the DNS knows them.
enum NameText {
    /// A name in lower case and A-labels without the root's dot, and its scope; nil for what is none.
    ///
    /// A name has two labels at least, so that a stray word is not taken for one, and its last label is
    /// not a number, which some programs would read as part of an address (RFC 3696 §2; the URL standard
    /// on "ends in a number").
    static func parse(_ text: String, scope: IndicatorKind) -> (name: String, kind: IndicatorKind)?
    {
        var text = Substring(text)
        var kind = scope
        if text.hasPrefix("*.") {
            text.removeFirst(2)
            kind = .subtree
        }
        if text.utf8.last == UInt8(ascii: ".") { text.removeLast() }
        guard text.utf8.count <= 1024, let name = ascii(text), name.utf8.count <= 253 else {
            return nil
        }
        var labels = 0
        var last: Substring = ""
        for label in name.split(separator: ".", omittingEmptySubsequences: false) {
            guard (1...63).contains(label.utf8.count), label.utf8.allSatisfy(isAllowed) else {
                return nil
            }
            labels += 1
            last = label
        }
        guard labels >= 2, !isNumber(last) else { return nil }
        return (name, kind)
    }

    private static func isAllowed(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isNumber(_ label: Substring) -> Bool {
        if label.utf8.allSatisfy({ (48...57).contains($0) }) { return true }
        guard label.hasPrefix("0x") else { return false }
        return label.utf8.dropFirst(2).allSatisfy {
            (48...57).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
    }

    /// The name with every label in lower case and, where it is not ASCII, as an A-label.
    private static func ascii(_ text: Substring) -> String? {
        if text.utf8.allSatisfy({ $0 < 128 }) { return text.lowercased() }
        var labels: [String] = []
        // UTS 46 §4: these are dots too.
        let isDot = { (scalar: Unicode.Scalar) in
            ".\u{3002}\u{ff0e}\u{ff61}".unicodeScalars.contains(scalar)
        }
        for label in text.unicodeScalars.split(
            omittingEmptySubsequences: false, whereSeparator: isDot)
        {
            guard let label = aLabel(String(label)) else { return nil }
            labels.append(label)
        }
        return labels.joined(separator: ".")
    }

    /// The A-label of a U-label, after the mapping of UTS 46 to lower case.
    ///
    /// Characters that it would replace by others (full-width forms, ligatures) and marks that should
    /// have been composed are refused: a name that is only nearly the listed one must not be in force.
    private static func aLabel(_ label: String) -> String? {
        let lower = label.lowercased()
        let scalars = Array(lower.unicodeScalars)
        if scalars.allSatisfy(\.isASCII) { return lower }
        guard scalars.count <= 63 else { return nil }
        for scalar in scalars where !scalar.isASCII {
            let properties = scalar.properties
            let isDeviation = scalar == "\u{df}" || scalar == "\u{3c2}"
            guard isDeviation || !properties.changesWhenNFKCCaseFolded,
                !(0x300...0x36f).contains(scalar.value)
            else { return nil }
            switch properties.generalCategory {
            case .lowercaseLetter, .otherLetter, .modifierLetter, .nonspacingMark, .spacingMark,
                .decimalNumber, .otherSymbol:
                continue
            default: return nil
            }
        }
        return Punycode.encode(scalars).map { "xn--" + $0 }
    }
}

/// RFC 3492, encoding only: nothing here is ever shown as what a feed's A-label stands for.
enum Punycode {
    static func encode(_ scalars: [Unicode.Scalar]) -> String? {
        var output = scalars.filter(\.isASCII).map { UInt8($0.value) }
        let basic = output.count
        if basic > 0 { output.append(UInt8(ascii: "-")) }
        var n: UInt32 = 128
        var delta: UInt32 = 0
        var bias: UInt32 = 72
        var handled = basic
        while handled < scalars.count {
            guard let next = scalars.lazy.map(\.value).filter({ $0 >= n }).min() else { return nil }
            let (step, overflow) = (next - n).multipliedReportingOverflow(by: UInt32(handled + 1))
            guard !overflow, step <= .max - delta else { return nil }
            delta += step
            n = next
            for scalar in scalars {
                if scalar.value < n { delta += 1 }
                guard scalar.value == n else { continue }
                append(delta, bias: bias, to: &output)
                bias = adapt(delta, points: UInt32(handled + 1), isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            n += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func append(_ delta: UInt32, bias: UInt32, to output: inout [UInt8]) {
        var rest = delta
        var k: UInt32 = 36
        while true {
            let threshold = k <= bias ? 1 : (k >= bias + 26 ? 26 : k - bias)
            if rest < threshold { break }
            output.append(digit(threshold + (rest - threshold) % (36 - threshold)))
            rest = (rest - threshold) / (36 - threshold)
            k += 36
        }
        output.append(digit(rest))
    }

    private static func digit(_ value: UInt32) -> UInt8 {
        UInt8(truncatingIfNeeded: value < 26 ? value + 97 : value - 26 + 48)
    }

    private static func adapt(_ delta: UInt32, points: UInt32, isFirst: Bool) -> UInt32 {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / points
        var k: UInt32 = 0
        while delta > 455 {
            delta /= 35
            k += 36
        }
        return k + 36 * delta / (delta + 38)
    }
}
