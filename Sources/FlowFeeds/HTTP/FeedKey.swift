import Glibc

/// A key or password for a source; no text, message or log has it.
public struct FeedKey: Sendable {
    let secret: String

    /// Why there is no key.
    public enum Problem: Error, Equatable, Sendable, CustomStringConvertible {
        case file(path: String, code: Int32)
        case unset(variable: String)
        case unusable(origin: String)

        /// What to do about it.
        public var description: String {
            switch self {
            case .file(let path, let code):
                "cannot read the key in \(path): \(unsafe String(cString: strerror(code)))"
            case .unset(let name): "the key's variable \(name) is not set"
            case .unusable(let origin):
                "the key in \(origin) is not one line of 1 to 4096 printable characters"
            }
        }
    }

    /// Reads the first line of a file.
    public init(file path: String) throws(Problem) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .file(path: path, code: errno) }
        defer { close(descriptor) }
        var octets = [UInt8](repeating: 0, count: 8192)
        let count = unsafe octets.withUnsafeMutableBytes {
            unsafe read(descriptor, $0.baseAddress, $0.count)
        }
        guard count >= 0 else { throw .file(path: path, code: errno) }
        let line = octets[..<count].prefix { $0 != 10 && $0 != 13 }
        let rest = octets[line.endIndex..<count]
        guard rest.allSatisfy({ $0 == 10 || $0 == 13 || $0 == 32 }) else {
            throw .unusable(origin: path)
        }
        try self.init(String(decoding: line, as: UTF8.self), origin: path)
    }

    /// Reads a variable of the environment.
    public init(variable name: String) throws(Problem) {
        guard let value = unsafe getenv(name) else { throw .unset(variable: name) }
        try self.init(unsafe String(cString: value), origin: name)
    }

    /// Takes a key that is at hand.
    ///
    /// - Parameter origin: what messages call the place that it is from.
    public init(_ text: String, origin: String) throws(Problem) {
        let octets = text.utf8
        // What a header could not carry (RFC 9110 §5.5) is a wrong file rather than a key.
        guard (1...4096).contains(octets.count), octets.allSatisfy({ (33...126).contains($0) })
        else { throw .unusable(origin: origin) }
        secret = text
    }
}

extension FeedKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Not the key.
    public var description: String { "a key" }
    /// Not the key either.
    public var debugDescription: String { "a key" }
    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
