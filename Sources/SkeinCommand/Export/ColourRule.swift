import ArgumentParser

/// `--colour`: a colour, what gets it, and a filter: of which flows.
///
///     red=@bad                     the links of flows with a listed address
///     source:green=src net 10/8    the sources of flows from home
struct ColourRule: ExpressibleByArgument {
    /// What is coloured.
    enum Subject: String, CaseIterable {
        case link, source, event, target
    }

    let subject: Subject
    /// A name of X11's or `#rrggbb`: both Graphviz and AfterGlow know them.
    let colour: String
    /// The filter's text.
    let filter: String

    init?(argument: String) {
        let sides = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, !sides[1].allSatisfy(\.isWhitespace) else { return nil }
        let words = sides[0].split(separator: ":", omittingEmptySubsequences: false)
        guard let colour = words.last, words.count <= 2, Self.isColour(colour) else { return nil }
        guard words.count == 2 else {
            self.init(.link, colour, sides[1])
            return
        }
        guard let subject = Subject(rawValue: String(words[0])) else { return nil }
        self.init(subject, colour, sides[1])
    }

    private init(_ subject: Subject, _ colour: Substring, _ filter: Substring) {
        self.subject = subject
        self.colour = String(colour)
        self.filter = String(filter)
    }

    /// Whether it can stand in Graphviz's language and in a comma-separated line as it is.
    private static func isColour(_ text: Substring) -> Bool {
        if text.hasPrefix("#") {
            return text.count == 7 && text.dropFirst().allSatisfy(\.isHexDigit)
        }
        return text.first?.isLetter == true
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: false
                }
            }
    }
}
