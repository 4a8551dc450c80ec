import FlowModel

/// Elements without a column as words of the language: by the names that `--fields other` shows.
enum ElementNames {
    /// What a word says, nil where it names no element.
    enum Meaning {
        case subject(FilterSubject)
        /// It has a column, whose name is the word for it.
        case column(Field)
        /// Values of the kind cannot be compared.
        case incomparable(String)
    }

    /// - Parameter word: in lower case.
    static func meaning(of word: String) -> Meaning? {
        guard let (enterprise, id) = numbers[word] ?? numbered(word) else { return nil }
        if let column = columns["\(enterprise)/\(id)"] { return .column(column) }
        let element = ElementSource.Element(id, enterprise: enterprise)
        func subject(_ reading: ElementSource.Reading, _ kind: ValueKind) -> Meaning {
            .subject(FilterSubject(elements: [ElementSource([element], reading)], kind: kind))
        }
        let type = InformationElement.lookup(enterprise: enterprise, id: id)?.type
        switch type {
        case nil, .unsigned, .signed: return subject(.number, .number(.max))
        case .boolean:
            return subject(.number, .number(2, named: [("true", 1...1), ("false", 2...2)]))
        case .mac: return subject(.number, .mac)
        case .milliseconds: return subject(.number, .instant)
        case .seconds: return subject(.seconds, .instant)
        case .microseconds, .nanoseconds: return subject(.ntp, .instant)
        case .address: return subject(.address, .address(isNet: false))
        case .string: return subject(.text, .text)
        case .octets: return subject(.octets, .octets)
        case .float: return .incomparable("numbers with fractions are not compared")
        case .list: return .incomparable("it is a list of other elements")
        }
    }

    /// Every name, for messages.
    static let all: [String] = known.map(\.name)

    /// `e9id12` of an enterprise, `id12` of IANA: how an element is shown that is in no table.
    private static func numbered(_ word: String) -> (UInt32, UInt16)? {
        func digits(_ text: Substring) -> Bool {
            !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
        }
        if word.hasPrefix("id"), digits(word.dropFirst(2)) {
            return UInt16(word.dropFirst(2)).map { (0, $0) }
        }
        guard word.hasPrefix("e"), let end = word.firstRange(of: "id") else { return nil }
        let enterprise = word[word.index(after: word.startIndex)..<end.lowerBound]
        let id = word[end.upperBound...]
        guard digits(enterprise), digits(id), let enterprise = UInt32(enterprise),
            let id = UInt16(id)
        else { return nil }
        return (enterprise, id)
    }

    private static let numbers: [String: (UInt32, UInt16)] = Dictionary(
        known.map { ($0.name.lowercased(), ($0.enterprise, $0.id)) },
        uniquingKeysWith: { first, _ in first })

    private static let known: [(name: String, enterprise: UInt32, id: UInt16)] = {
        var known: [(name: String, enterprise: UInt32, id: UInt16)] = []
        for enterprise in [
            InformationElement.ianaEnterprise, InformationElement.certEnterprise,
            InformationElement.vmwareEnterprise, InformationElement.reverseEnterprise,
        ] {
            for id in UInt16.min...UInt16.max {
                guard let element = InformationElement.lookup(enterprise: enterprise, id: id)
                else { continue }
                known.append((element.name, enterprise, id))
            }
        }
        return known
    }()

    /// The columns by the elements that feed them, as ``FieldInfo/source`` has them.
    private static let columns: [String: Field] = {
        var columns: [String: Field] = [:]
        for info in Field.table {
            // Those of an outer header feed the inner one's columns first.
            for part in info.source.split(whereSeparator: { $0 == "," || $0 == "+" })
            where !part.contains("(") {
                let text = part.filter { $0 != " " }
                let key = text.contains("/") ? text : "0/\(text)"
                if columns[key] == nil { columns[key] = info.field }
            }
        }
        return columns
    }()
}
