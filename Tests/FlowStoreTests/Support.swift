import FlowModel
import FlowStore
import Glibc
import Testing

/// A generator that gives the same numbers everywhere (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

/// A directory that goes when the test ends.
final class Scratch {
    let path: String

    init(in folder: String = "/tmp") {
        var template = Array("\(folder)/skein-store-XXXXXX".utf8CString)
        template.withUnsafeMutableBufferPointer { name in
            if let base = name.baseAddress { _ = mkdtemp(base) }
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    var store: String { path + "/store" }

    func segments() -> [String] {
        Self.list(store + "/segments").sorted().map { store + "/segments/" + $0 }
    }

    static func list(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func remove(_ path: String) {
        for name in list(path) { remove(path + "/" + name) }
        if unlink(path) != 0 { rmdir(path) }
    }
}

func contents(of path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var octets: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&piece, 1, piece.count, file)
        if count == 0 { return octets }
        octets += piece[0..<count]
    }
}

func write(_ octets: [UInt8], to path: String) {
    guard let file = fopen(path, "w") else { return }
    fwrite(octets, 1, octets.count, file)
    fclose(file)
}

/// How a random column looks.
enum Pattern: CaseIterable {
    case constant, octet, few, wide, narrow, full
}

/// A batch in which every field of the table has values of some kind, in some rows.
func randomBatch(rows: Int, seed: UInt64, received base: UInt64 = 1_700_000_000_000) -> FlowBatch {
    var random = Seeded(seed)
    let batch = FlowBatch()
    let shared = (0..<20).map { _ in randomAddress(&random) }
    for info in Field.table where info.storage != .elements {
        if !info.isDense, Int.random(in: 0..<4, using: &random) == 0 { continue }
        let column = batch.columnForWriting(info.field)
        let pattern = Pattern.allCases.randomElement(using: &random) ?? .constant
        let share = info.isDense ? 100 : [0, 3, 50, 99, 100].randomElement(using: &random) ?? 100
        let bits = UInt64(info.storage.width * 8)
        let top: UInt64 = bits >= 64 ? .max : 1 << bits - 1
        let floor = UInt64.random(in: 0...top / 2, using: &random)
        for row in 0..<rows {
            if Int.random(in: 0..<100, using: &random) >= share { continue }
            if info.storage == .address {
                let one =
                    pattern == .constant
                    ? shared[0]
                    : pattern == .full
                        ? randomAddress(&random) : shared.randomElement(using: &random) ?? shared[0]
                column.set(one, at: row)
                continue
            }
            let value: UInt64 =
                switch pattern {
                case .constant: floor
                case .octet: floor &+ UInt64.random(in: 0...min(top / 2, 255), using: &random)
                case .few:
                    floor / 7 &* UInt64.random(in: 0..<7, using: &random)
                case .narrow:
                    floor &+ UInt64.random(in: 0...min(top / 2, 65_535), using: &random)
                case .wide:
                    floor &+ UInt64.random(in: 0...min(top / 2, 0xffff_ffff), using: &random)
                case .full: UInt64.random(in: 0...top, using: &random)
                }
            column.set(value, at: row)
        }
    }
    for row in 0..<rows {
        batch.columnForWriting(.received).set(base + UInt64(row / 10), at: row)
    }
    if seed % 3 > 0, let start = batch.column(.start) {
        let end = batch.columnForWriting(.end)
        let longest: UInt64 = [0, 200, 60_000, 1 << 20, 1 << 40].randomElement(using: &random) ?? 0
        for row in 0..<rows {
            guard let from = start.number(at: row), from < .max / 2 else { continue }
            end.set(from + UInt64.random(in: 0...longest, using: &random), at: row)
        }
    }
    fillOther(batch, rows: rows, &random)
    batch.advance(by: rows)
    return batch
}

private func randomAddress(_ random: inout Seeded) -> IPAddress {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: IPAddress(high: 0, low: random.next() >> 40)
    case 1: IPAddress(high: 0x2001_0db8 << 32 | random.next() >> 56, low: random.next())
    default: IPAddress(v4: UInt32(truncatingIfNeeded: random.next()))
    }
}

private func fillOther(_ batch: FlowBatch, rows: Int, _ random: inout Seeded) {
    let layouts: [[OtherElement]] = [
        [OtherElement(enterprise: 0, id: 371, length: 4)],
        [
            OtherElement(enterprise: 9, id: 12_172, length: OtherElement.variableLength),
            OtherElement(enterprise: 0, id: 95, length: 2),
        ],
    ]
    for row in 0..<rows where Int.random(in: 0..<10, using: &random) == 0 {
        let index = Int.random(in: 0..<2, using: &random)
        guard let layout = batch.other.layout(layouts[index]) else { continue }
        var octets: [UInt8] = []
        if index == 1 {
            let length = Int.random(in: 0..<20, using: &random)
            octets =
                [0, UInt8(length)]
                + (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
        let fixed = index == 1 ? 2 : 4
        octets += (0..<fixed).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        batch.other.set(row: row, layout: layout, octets: octets.span.bytes)
    }
}

/// One row as text, so that differences can be read.
typealias Row = [String]

/// The rows of a batch: every field that has a value.
func rows(of batch: FlowBatch) -> [Row] {
    (0..<batch.count).map { row in
        var cells: Row = []
        for field in batch.fields {
            if let value = batch.number(field, at: row) { cells.append("\(field.name)=\(value)") }
            if let value = batch.address(field, at: row) { cells.append("\(field.name)=\(value)") }
        }
        return cells + others(batch.other, at: row)
    }
}

/// The rows of a block, by way of single values.
func rows(of block: any BlockSource) throws -> [Row] {
    var found = [Row](repeating: [], count: block.rows)
    let start = try block.column(.start)
    for info in Field.table where info.field != .other {
        guard let column = try block.column(info.field) else {
            #expect(block.summary(of: info.field) == nil)
            continue
        }
        for row in 0..<block.rows {
            if let value = column.number(at: row, start: start) {
                found[row].append("\(info.name)=\(value)")
            }
            if let value = column.address(at: row) { found[row].append("\(info.name)=\(value)") }
        }
    }
    let other = try block.otherElements()
    for row in 0..<block.rows { found[row] += others(other, at: row) }
    return found
}

private func others(_ other: OtherElements, at row: Int) -> Row {
    other.elements(at: row).map { element, octets in
        "\(element.enterprise)/\(element.id)=\(Array(octets))"
    }
}

/// The rows of all blocks that can be read, and how many cannot.
func rows(of reader: StoreReader) -> (rows: [Row], damaged: Int) {
    var found: [Row] = []
    var damaged = reader.damaged.count
    for block in reader.blocks {
        do { found += try rows(of: block) } catch { damaged += 1 }
    }
    return (found, damaged)
}
