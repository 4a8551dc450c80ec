import CMaxMindDB
import FlowModel
import Glibc

/// A file in MaxMind's DB format, version 2: GeoLite2, DB-IP, and what others make.
///
/// Mapped into memory while it is read; nothing of it is needed afterwards. The library checks that
/// what it reads lies within the file; this looks that the walk ends.
@safe
final class MaxMindFile {
    private let path: String
    private let handle: UnsafeMutablePointer<MMDB_s>
    /// Where the network is, before where it is registered; the last two as IPinfo has them.
    private let countryPaths = [
        MaxMindPath("country", "iso_code"), MaxMindPath("registered_country", "iso_code"),
        MaxMindPath("country_code"), MaxMindPath("country"),
    ]
    private let systemPaths = [MaxMindPath("autonomous_system_number"), MaxMindPath("asn")]
    private var source = AddressSource()
    /// Answers by the place of their record in the file.
    private var places: [UInt32: UInt32] = [:]
    private var answers: [AddressAnswer: UInt32] = [AddressAnswer(): 0]
    /// Nodes that may still be looked at: a tree in circles has more than a file has room for.
    private var stepsLeft = 0

    init(path: String) throws(DatabaseError) {
        self.path = path
        unsafe handle = .allocate(capacity: 1)
        unsafe handle.initialize(to: MMDB_s())
        let status = unsafe MMDB_open(path, UInt32(MMDB_MODE_MMAP), handle)
        guard status == MMDB_SUCCESS else {
            let code = errno
            // Closing is only for what was opened.
            unsafe handle.deallocate()
            isOpen = false
            throw status == MMDB_FILE_OPEN_ERROR
                ? DatabaseError(path: path, cause: .system(code)) : Self.failure(path, status)
        }
    }

    private var isOpen = true

    deinit {
        guard isOpen else { return }
        unsafe MMDB_close(handle)
        unsafe handle.deallocate()
    }

    /// What it calls itself: `GeoLite2-Country`.
    var type: String {
        guard let type = unsafe handle.pointee.metadata.database_type else { return "" }
        return unsafe String(cString: type)
    }

    /// The day it was made on, in UTC: `2026-06-25`.
    var date: String? {
        var seconds = unsafe time_t(truncatingIfNeeded: handle.pointee.metadata.build_epoch)
        var parts = unsafe tm()
        guard unsafe gmtime_r(&seconds, &parts) != nil else { return nil }
        let (year, month, day) = unsafe (parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday)
        func digits(_ number: Int32) -> String { (number < 10 ? "0" : "") + "\(number)" }
        return "\(year)-\(digits(month))-\(digits(day))"
    }

    /// Reads all of it.
    func read() throws(DatabaseError) -> AddressSource {
        let nodes = unsafe handle.pointee.metadata.node_count
        stepsLeft = 4 * Int(nodes) + 1024
        var (v4, v6) = (AddressSteps<UInt32>(), AddressSteps<UInt128>())
        if unsafe handle.pointee.metadata.ip_version == 4 {
            try walk(.node(0), UInt32(0), bit: 31, &v4)
        } else {
            let root = unsafe handle.pointee.ipv4_start_node.node_value
            try walk(place(of: root), UInt32(0), bit: 31, &v4)
            try walk(.node(0), UInt128(0), bit: 127, except: root, &v6)
        }
        v4.finish()
        v6.finish()
        source.families = AddressFamilies(v4: v4, v6: v6)
        guard source.answers.count > 1 else {
            throw DatabaseError(path: path, cause: .type(type))
        }
        return source
    }

    // MARK: The tree

    /// Where a record of a node leads.
    private enum Place {
        case node(UInt32)
        case nothing
        /// An offset in the data section.
        case data(UInt32)
    }

    /// The place of a record's number: nodes come first, then nothing, then data.
    private func place(of number: UInt32) throws(DatabaseError) -> Place {
        let nodes = unsafe handle.pointee.metadata.node_count
        if number < nodes { return .node(number) }
        if number == nodes { return .nothing }
        // 16 octets separate the tree from the data, and offsets count from behind the tree.
        guard number - nodes >= 16 else { throw DatabaseError(path: path, cause: .tree) }
        return .data(number - nodes - 16)
    }

    /// Appends what is below a place; `key` has the bits above.
    ///
    /// - Parameter v4: where IPv4 addresses are in a tree of IPv6. Other networks may lead there too
    ///   (`::ffff:0:0/96`, `2002::/16`); these are left out, as the table knows what they stand for.
    private func walk<Key: FixedWidthInteger & UnsignedInteger & Sendable>(
        _ place: Place, _ key: Key, bit: Int, except v4: UInt32? = nil,
        _ steps: inout AddressSteps<Key>
    ) throws(DatabaseError) {
        switch place {
        case .nothing: return
        case .data(let offset):
            let answer = try answer(at: offset)
            let last = bit < 0 ? key : key | (Key.max >> (Key.bitWidth - 1 - bit))
            guard answer == 0 || steps.append(key, last, answer) else {
                throw DatabaseError(path: path, cause: .tree)
            }
        case .node(let number):
            if number == v4 { return }
            stepsLeft -= 1
            guard bit >= 0, stepsLeft > 0 else { throw DatabaseError(path: path, cause: .tree) }
            var node = unsafe MMDB_search_node_s()
            let status = unsafe MMDB_read_node(handle, number, &node)
            guard status == MMDB_SUCCESS else { throw Self.failure(path, status) }
            let (left, right) = unsafe (node.left_record, node.right_record)
            try walk(
                self.place(of: UInt32(truncatingIfNeeded: left)), key, bit: bit - 1, except: v4,
                &steps)
            try walk(
                self.place(of: UInt32(truncatingIfNeeded: right)), key | 1 << bit, bit: bit - 1,
                except: v4, &steps)
        }
    }

    // MARK: The records

    private func answer(at offset: UInt32) throws(DatabaseError) -> UInt32 {
        if let known = places[offset] { return known }
        var entry = unsafe MMDB_entry_s(mmdb: handle, offset: offset)
        var answer = AddressAnswer()
        for path in countryPaths where answer.country == nil {
            answer.country = unsafe try text(&entry, path).flatMap { CountryCode($0) }
        }
        for path in systemPaths where answer.system == nil {
            answer.system = unsafe try system(&entry, path)
        }
        let place = answers[answer] ?? UInt32(source.answers.count)
        if place == source.answers.count {
            answers[answer] = place
            source.answers.append(answer)
        }
        places[offset] = place
        return place
    }

    /// The value at a path; nil where there is none.
    private func value(
        _ entry: inout MMDB_entry_s, _ path: MaxMindPath
    ) throws(DatabaseError) -> MMDB_entry_data_s? {
        var data = unsafe MMDB_entry_data_s()
        let status = unsafe MMDB_aget_value(&entry, &data, path.words)
        switch status {
        case MMDB_SUCCESS: return unsafe data.has_data ? data : nil
        case MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR: return nil
        default: throw Self.failure(self.path, status)
        }
    }

    private func text(
        _ entry: inout MMDB_entry_s, _ path: MaxMindPath
    ) throws(DatabaseError) -> String? {
        guard let data = unsafe try value(&entry, path),
            unsafe data.type == UInt32(MMDB_DATA_TYPE_UTF8_STRING), unsafe data.data_size <= 16,
            let octets = unsafe data.utf8_string
        else { return nil }
        return unsafe String(
            decoding: UnsafeRawBufferPointer(start: octets, count: Int(data.data_size)),
            as: UTF8.self)
    }

    /// An AS number: 13335, or `AS13335` as some write it.
    private func system(
        _ entry: inout MMDB_entry_s, _ path: MaxMindPath
    ) throws(DatabaseError) -> UInt32? {
        guard let data = unsafe try value(&entry, path) else { return nil }
        let number: UInt32?
        switch unsafe Int32(bitPattern: data.type) {
        case MMDB_DATA_TYPE_UINT16: number = unsafe UInt32(data.uint16)
        case MMDB_DATA_TYPE_UINT32: number = unsafe data.uint32
        case MMDB_DATA_TYPE_UTF8_STRING:
            let text = unsafe try text(&entry, path)?.lowercased() ?? ""
            number = UInt32(text.hasPrefix("as") ? text.dropFirst(2) : text[...])
        default: number = nil
        }
        return number == 0 ? nil : number
    }

    private static func failure(_ path: String, _ status: Int32) -> DatabaseError {
        DatabaseError(path: path, cause: .library(unsafe String(cString: MMDB_strerror(status))))
    }
}
