public import FlowModel

/// What a database says of an address.
public struct AddressAnswer: Hashable, Sendable {
    /// The country; nil where the database does not know it.
    public var country: CountryCode?
    /// The AS that announces the address; nil where the database does not know it.
    public var system: UInt32?

    /// Makes an answer.
    public init(country: CountryCode? = nil, system: UInt32? = nil) {
        self.country = country
        self.system = system
    }

    /// This, and where it says nothing the other.
    func completed(by other: AddressAnswer) -> AddressAnswer {
        AddressAnswer(country: country ?? other.country, system: system ?? other.system)
    }
}

/// One database, read: steps whose values are places in a list of answers.
struct AddressSource: Sendable {
    var families = AddressFamilies()
    /// The first is that of nothing known.
    var answers = [AddressAnswer()]

    /// Special networks as ``CountryCode/privateSpace``.
    static let specialNetworks = AddressSource(
        families: SpecialNetworks.families(1),
        answers: [AddressAnswer(), AddressAnswer(country: .privateSpace)])

    /// This, and where it says nothing the other.
    func completed(by other: AddressSource) -> AddressSource {
        var book = AnswerBook()
        let families = families.joined(with: other.families) { mine, its in
            book.place(of: mine, its) { answers[Int(mine)].completed(by: other.answers[Int(its)]) }
        }
        return AddressSource(families: families, answers: book.answers)
    }
}

/// Gives each different answer a place.
private struct AnswerBook {
    private(set) var answers = [AddressAnswer()]
    private var places: [AddressAnswer: UInt32] = [AddressAnswer(): 0]
    private var pairs: [UInt64: UInt32] = [:]

    mutating func place(
        of first: UInt32, _ second: UInt32, _ answer: () -> AddressAnswer
    ) -> UInt32 {
        let pair = UInt64(first) << 32 | UInt64(second)
        if let known = pairs[pair] { return known }
        let answer = answer()
        let place = places[answer] ?? UInt32(answers.count)
        if place == answers.count {
            answers.append(answer)
            places[answer] = place
        }
        pairs[pair] = place
        return place
    }
}
