/// Why a database of addresses cannot be used.
public struct DatabaseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Cause: Hashable, Sendable {
        /// The system did not let us; an `errno`.
        case system(Int32)
        /// A line is no `first,last,country`, or its range does not lie behind the one before.
        case line(Int)
        /// It has no line of any range.
        case empty
        /// What libmaxminddb says.
        case library(String)
        /// It has neither countries nor AS numbers; its type.
        case type(String)
        /// Its tree leads nowhere, or in circles.
        case tree
    }

    /// The file.
    public let path: String
    /// What is wrong with it.
    public let cause: Cause

    /// Makes an error.
    public init(path: String, cause: Cause) {
        self.path = path
        self.cause = cause
    }

    /// For people.
    public var description: String {
        switch cause {
        case .system(let code): "\(path): \(systemMessage(code))"
        case .line(let number):
            "\(path): line \(number) is not ‘first,last,country’ behind the range before it"
        case .empty: "\(path): there are no ranges in it; is this a file of tor-geoipdb?"
        case .library(let message): "\(path): \(message)"
        case .type(let type):
            "\(path): a database of type ‘\(type)’ has neither countries nor AS numbers"
        case .tree: "\(path): the search tree is damaged"
        }
    }
}
