extension Export {
    /// The octets of a file that follows another one: the same where only the time in it would differ.
    ///
    /// An RPZ and a STIX bundle say when they were made. What lists nothing else than before keeps that
    /// time, so that nobody reloads it; the serial number of an RPZ that does grows (RFC 1982), however
    /// often a day.
    /// - Parameter previous: the file as it is; what is no such file is of no account.
    public func file(
        _ format: ExportFormat, options: ExportOptions = ExportOptions(),
        following previous: [UInt8]
    ) -> [UInt8] {
        var options = options
        switch format {
        case .rpz where options.revision == 0:
            guard let serial = Self.serial(of: previous) else { break }
            options.serial = serial
            if file(format, options: options) == previous { return previous }
            options.serial = max(serial + 1, serialOfToday(revision: 0))
        case .stix:
            guard let made = Self.made(previous) else { break }
            options.made = made
            if file(format, options: options) == previous { return previous }
            options.made = nil
        default: break
        }
        return file(format, options: options)
    }

    /// The date in eight digits and two more, as RFC 1912 §2.2 wants it.
    func serialOfToday(revision: Int) -> Int64 {
        let (year, month, day) = InstantText.date(days: now.floorDivided(by: 86_400_000).quotient)
        return year * 1_000_000 + month * 10_000 + day * 100 + Int64(revision)
    }

    /// The serial number of a zone that was written here.
    private static func serial(of zone: [UInt8]) -> Int64? {
        let mark = Array(" SOA localhost. hostmaster.localhost. ( ".utf8)
        guard let place = zone.prefix(256).firstRange(of: mark) else { return nil }
        let digits = zone[place.upperBound...].prefix { (48...57).contains($0) }
        // The highest has no higher one.
        guard digits.count <= 10,
            let serial = UInt32(String(decoding: digits, as: UTF8.self)), serial < .max
        else { return nil }
        return Int64(serial)
    }

    /// When a bundle was made that was written here, ms since 1970.
    private static func made(_ bundle: [UInt8]) -> Int64? {
        let mark = Array("\"created\": \"".utf8)
        guard let place = bundle.prefix(1024).firstRange(of: mark) else { return nil }
        let text = bundle[place.upperBound...].prefix(32).prefix { $0 != UInt8(ascii: "\"") }
        return InstantText.parse(String(decoding: text, as: UTF8.self))
    }
}
