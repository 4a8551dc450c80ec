public import FlowModel

/// A list that is asked over the DNS, an address at a time (RFC 5782).
public struct BlackListZone: Hashable, Sendable {
    /// `zen.example.org`.
    public var zone: String
    /// Whom to ask.
    public var resolver: DNSResolver

    /// Names a zone.
    public init(_ zone: String, resolver: DNSResolver) {
        self.zone = zone
        self.resolver = resolver
    }

    /// What a list says of an address.
    public enum Verdict: Equatable, Sendable {
        /// It is listed, for so many seconds; the codes say why in the list's own way: `127.0.0.2`.
        case listed(codes: [IPAddress], seconds: UInt32)
        /// It is not, for so many seconds.
        case notListed(seconds: UInt32)
    }

    /// Why a list says nothing.
    public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// The resolver says nothing.
        case resolver(String)
        /// The list refuses to answer: too many questions, or a resolver that it does not serve.
        case refused(code: IPAddress)
        /// Something that is no answer of a list, as of a resolver that invents addresses.
        case invented(IPAddress)
        /// A test entry is not as it must be (RFC 5782 §5).
        case testEntry(String)

        /// What is wrong.
        public var description: String {
            switch self {
            case .resolver(let words): words
            case .refused(let code): "the list refuses to answer (\(code))"
            case .invented(let address): "the answer \(address) is none of a list's"
            case .testEntry(let words): words
            }
        }
    }

    /// Seconds for which an answer holds that does not say, or says less or more.
    private static let listedSeconds: ClosedRange<UInt32> = 60...86_400
    private static let notListedSeconds: ClosedRange<UInt32> = 60...14_400

    /// The name that asks about `address` (RFC 5782 §2.1 and §2.4).
    func name(of address: IPAddress) -> String {
        var labels: [String] = []
        if let number = address.v4 {
            for shift in stride(from: UInt32(0), through: 24, by: 8) {
                labels.append(String(number >> shift & 255))
            }
        } else {
            for half in [address.low, address.high] {
                for shift in stride(from: UInt64(0), through: 60, by: 4) {
                    labels.append(String(half >> shift & 15, radix: 16))
                }
            }
        }
        return (labels + [zone]).joined(separator: ".")
    }

    /// Asks about `address`, and waits.
    public func ask(_ address: IPAddress) throws(Failure) -> Verdict {
        try verdict(name(of: address))
    }

    private func verdict(_ name: String) throws(Failure) -> Verdict {
        let answer: DNSQuestion.Answer
        do throws(DNSResolver.Failure) {
            answer = try resolver.ask(name)
        } catch {
            throw .resolver("\(error)")
        }
        switch answer {
        case .failed(let code): throw .resolver("\(DNSResolver.Failure.code(code))")
        case .none(let seconds):
            let range = Self.notListedSeconds
            return .notListed(
                seconds: max(range.lowerBound, min(range.upperBound, seconds ?? 900)))
        case .addresses(let numbers, let seconds):
            let codes = numbers.map { IPAddress(v4: $0) }
            for (number, code) in zip(numbers, codes) {
                // 127.255.255.0/24 is how lists say that they do not answer whoever asks.
                if number >> 8 == 0x7f_ffff { throw .refused(code: code) }
                guard number >> 24 == 127 else { throw .invented(code) }
            }
            let range = Self.listedSeconds
            return .listed(
                codes: codes, seconds: max(range.lowerBound, min(range.upperBound, seconds)))
        }
    }

    /// What of the Internet the list covers.
    public struct Coverage: Equatable, Sendable {
        /// Whether it answers about IPv4.
        public var hasV4: Bool
        /// Whether it answers about IPv6.
        public var hasV6: Bool
    }

    /// Asks for the test entries: 127.0.0.2 and ::ffff:7f00:2 are listed, 127.0.0.1 and ::ffff:7f00:1 are not.
    ///
    /// A zone that lists nothing is one that has gone, one that lists all is one that wants to be left alone.
    public func check() throws(Failure) -> Coverage {
        func isListed(_ name: String) throws(Failure) -> Bool {
            if case .listed = try verdict("\(name).\(zone)") { return true }
            return false
        }
        // Not made from addresses: here they are the same, and asked as IPv4.
        let zeros = String(repeating: "0.", count: 20)
        let mapped = "0.0.0.f.7.f.f.f.f." + zeros.dropLast()
        guard try !isListed("1.0.0.127"), try !isListed("1.0.0.\(mapped)") else {
            throw .testEntry("it lists 127.0.0.1, as zones do that are no longer kept")
        }
        let coverage = Coverage(
            hasV4: try isListed("2.0.0.127"), hasV6: try isListed("2.0.0.\(mapped)"))
        guard coverage.hasV4 || coverage.hasV6 else {
            throw .testEntry("it does not list 127.0.0.2, as every zone must that is kept")
        }
        return coverage
    }
}
