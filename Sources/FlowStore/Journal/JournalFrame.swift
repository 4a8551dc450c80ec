import FlowModel

/// What stands before each batch in a journal.
///
///     file:   header | header once more | frame | frame | …
///     frame:  head 80 | payload
struct JournalFrame: Hashable, Sendable {
    /// What a payload holds; numbers are never reused.
    struct Kind: RawRepresentable, Hashable, Sendable {
        let rawValue: UInt16
        static let flows = Kind(rawValue: 1)
        static let rates = Kind(rawValue: 2)
    }

    static let headOctets = 80
    static let magic: UInt32 = 0x424a_4b53
    private static let endMagic: UInt32 = 0x454a_4b53
    /// Octets of a payload at most.
    static let payloadOctetsMax = 1 << 30

    var kind: Kind
    /// Counts the frames of a store from 1; two of one number are the same.
    var number: UInt64
    /// Frames up to this number were on the disk when this one was written.
    var synchronized: UInt64
    /// Flows, or sampling rates.
    var rows: Int
    /// Flows that have a `start`.
    var rowsWithStart: Int
    var payloadOctets: Int
    /// In files of version 1 their CRC-32C, else ``fastChecksum(_:)``.
    var payloadChecksum: UInt32
    /// Layouts of `other` and elements in them, of which a block may have only so many.
    var layoutSize: Int
    /// Smallest and largest `received`.
    var received: ClosedRange<UInt64>
    /// Smallest and largest `start`; nil where no flow has one.
    var start: ClosedRange<UInt64>?

    /// The head's octets.
    ///
    /// - Parameter salt: the file's; it goes into the checksum, so that octets of another file, or of
    ///   an exporter's making, are never taken for a frame of this one.
    func encoded(salt: UInt64) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(Self.headOctets)
        output.put(Self.magic)
        output.put(kind.rawValue)
        output.put(UInt16(0))
        output.put(number)
        output.put(synchronized)
        output.put(UInt32(rows))
        output.put(UInt32(rowsWithStart))
        output.put(UInt32(payloadOctets))
        output.put(payloadChecksum)
        output.put(received.lowerBound)
        output.put(received.upperBound)
        output.put(start?.lowerBound ?? .max)
        output.put(start?.upperBound ?? 0)
        output.put(UInt32(layoutSize))
        output.put(Self.checksum(output, salt: salt))
        return output
    }

    /// Reads a head.
    init(_ octets: [UInt8], salt: UInt64) throws(Damage) {
        var reader = ByteReader(octets)
        guard try reader.next(UInt32.self) == Self.magic else { throw .magic }
        kind = Kind(rawValue: try reader.next(UInt16.self))
        _ = try reader.next(UInt16.self)
        number = try reader.next(UInt64.self)
        synchronized = try reader.next(UInt64.self)
        rows = Int(try reader.next(UInt32.self))
        rowsWithStart = Int(try reader.next(UInt32.self))
        payloadOctets = Int(try reader.next(UInt32.self))
        payloadChecksum = try reader.next(UInt32.self)
        let received = (try reader.next(UInt64.self), try reader.next(UInt64.self))
        let start = (try reader.next(UInt64.self), try reader.next(UInt64.self))
        layoutSize = Int(try reader.next(UInt32.self))
        let covered = Array(octets.prefix(reader.offset))
        guard try reader.next(UInt32.self) == Self.checksum(covered, salt: salt) else {
            throw .checksum(part: "journal")
        }
        guard received.0 <= received.1, number > 0, number < .max, synchronized < number,
            kind != .flows || (1...FlowBatch.capacity).contains(rows), rowsWithStart <= rows,
            payloadOctets <= Self.payloadOctetsMax
        else { throw .value(part: "journal") }
        self.received = received.0...received.1
        self.start = start.0 <= start.1 ? start.0...start.1 : nil
    }

    init(kind: Kind, rows: Int, payload: JournalBuffer) {
        self.kind = kind
        self.rows = rows
        number = 0
        synchronized = 0
        rowsWithStart = 0
        payloadOctets = payload.payloadOctets
        payloadChecksum = payload.payloadChecksum()
        layoutSize = 0
        received = 0...0
        start = nil
    }

    /// What follows the last frame of a file that others had before, as long as a head.
    ///
    /// Octets that a disk lost are never taken for it.
    ///
    /// - Parameter offset: where it lies in the file.
    static func end(at offset: UInt64, salt: UInt64) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(headOctets)
        output.put(endMagic)
        output.put(UInt32(0))
        output.put(offset)
        output += [UInt8](repeating: 0, count: headOctets - 4 - output.count)
        output.put(checksum(output, salt: salt))
        return output
    }

    private static func checksum(_ octets: [UInt8], salt: UInt64) -> UInt32 {
        var salted = octets
        salted.put(salt)
        return unsafe FlowStore.checksum(salted.span.bytes)
    }
}

/// What a journal file begins with, twice, so that one damaged octet does not cost all its frames.
struct JournalHeader: Hashable, Sendable {
    /// Format version that this build writes, and the newest that it reads.
    static let version = 2
    /// Octets of one of the two.
    static let octets = 40
    /// Where frames begin.
    static let framesOffset = UInt64(2 * octets)
    private static let magic = Array("SKEINJNL".utf8)

    /// Format version of this file.
    var version = Self.version
    /// Frames with smaller numbers were on the disk, here or in segments, before this file was made.
    var first: UInt64
    /// Random; see ``JournalFrame/encoded(salt:)``.
    var salt: UInt64
    /// Whether the file had other frames before, of which there may be octets behind its own.
    var isReused = false

    /// Both headers.
    func encoded() -> [UInt8] {
        var output = Self.magic
        output.put(UInt16(version))
        output.put(UInt16(isReused ? 1 : 0))
        output.put(UInt32(0))
        output.put(first)
        output.put(salt)
        output.put(UInt32(0))
        unsafe output.put(checksum(output.span.bytes))
        return output + output
    }

    /// Why a header cannot be read.
    enum Unreadable: Error {
        case damage(Damage)
        case version(Int)
    }

    /// Reads one header.
    private init(one octets: [UInt8]) throws(Unreadable) {
        guard octets.count == Self.octets else {
            throw .damage(.truncated(need: UInt64(Self.octets), have: UInt64(octets.count)))
        }
        guard octets.starts(with: Self.magic) else { throw .damage(.magic) }
        let covered = Array(octets.dropLast(4))
        var tail = ByteReader(octets, covered.count..<octets.count)
        var reader = ByteReader(octets, Self.magic.count..<covered.count)
        do {
            guard unsafe checksum(covered.span.bytes) == (try tail.next(UInt32.self)) else {
                throw Damage.checksum(part: "journal header")
            }
            version = Int(try reader.next(UInt16.self))
            guard version <= Self.version else { throw Unreadable.version(version) }
            isReused = try reader.next(UInt16.self) & 1 != 0
            _ = try reader.next(UInt32.self)
            first = try reader.next(UInt64.self)
            salt = try reader.next(UInt64.self)
        } catch let error as Unreadable {
            throw error
        } catch let error as Damage {
            throw .damage(error)
        } catch {
            throw .damage(.value(part: "journal header"))
        }
        guard first > 0 else { throw .damage(.value(part: "journal header")) }
    }

    /// Reads whichever of the two is whole.
    init(_ octets: [UInt8]) throws(Unreadable) {
        let half = min(Self.octets, octets.count)
        do {
            self = try Self(one: Array(octets[..<half]))
        } catch {
            if case .version = error { throw error }
            self = try Self(one: Array(octets[half...]))
        }
    }

    init(first: UInt64, salt: UInt64, isReused: Bool = false) {
        self.first = first
        self.salt = salt
        self.isReused = isReused
    }
}
