import FlowModel

// The `other` column in a segment: three chunks.
//
//     layouts   u16 count, then for each: u16 elements, then for each: u32 enterprise, u16 id,
//               u16 length
//     rows      u16 a row: the row's layout plus one, 0 = nothing; then u32 a row: its octets' count
//     octets    of all rows behind each other

/// The column's chunks before compression.
struct PackedOther {
    var layouts: [UInt8] = []
    var rows: [UInt8] = []
    var octets: [UInt8] = []
}

/// Octets that one chunk of `other` has at most; a reader refuses more.
let otherOctetsMax = 1 << 26

func pack(_ other: OtherElements, rows: Int) -> PackedOther {
    var packed = PackedOther()
    packed.layouts.put(UInt16(other.layouts.count))
    for layout in other.layouts {
        packed.layouts.put(UInt16(truncatingIfNeeded: layout.count))
        for element in layout {
            packed.layouts.put(element.enterprise)
            packed.layouts.put(element.id)
            packed.layouts.put(element.length)
        }
    }
    packed.rows.reserveCapacity(rows * 6)
    let known = min(rows, other.layoutOfRow.count)
    for row in 0..<rows { packed.rows.put(row < known ? other.layoutOfRow[row] : 0) }
    var end: UInt32 = 0
    for row in 0..<rows {
        let next = row < known ? other.endOfRow[row] : end
        packed.rows.put(next - end)
        end = next
    }
    packed.octets = Array(other.octets.prefix(Int(end)))
    return packed
}

func unpack(_ packed: PackedOther, rows: Int) throws(Damage) -> OtherElements {
    var reader = ByteReader(packed.layouts)
    var layouts: [[OtherElement]] = []
    for _ in 0..<(try reader.next(UInt16.self)) {
        let count = Int(try reader.next(UInt16.self))
        guard count > 0, count * 8 <= reader.remaining else { throw .value(part: "other") }
        var layout: [OtherElement] = []
        layout.reserveCapacity(count)
        for _ in 0..<count {
            layout.append(
                OtherElement(
                    enterprise: try reader.next(UInt32.self), id: try reader.next(UInt16.self),
                    length: try reader.next(UInt16.self)))
        }
        layouts.append(layout)
    }
    guard packed.rows.count == rows * 6 else { throw .value(part: "other") }
    var other = OtherElements()
    // Equal layouts have one number, whatever the file says.
    var numbers: [UInt16] = []
    for layout in layouts {
        guard let number = other.layout(layout) else { throw .value(part: "other") }
        numbers.append(number)
    }
    var layoutReader = ByteReader(packed.rows, 0..<rows * 2)
    var lengthReader = ByteReader(packed.rows, rows * 2..<rows * 6)
    var offset = 0
    for row in 0..<rows {
        let layout = Int(try layoutReader.next(UInt16.self))
        let length = Int(try lengthReader.next(UInt32.self))
        guard length <= packed.octets.count - offset, layout <= numbers.count,
            layout > 0 || length == 0
        else { throw .value(part: "other") }
        if layout > 0 {
            unsafe other.set(
                row: row, layout: numbers[layout - 1],
                octets: packed.octets.span.bytes.extracting(offset..<offset + length))
        }
        offset += length
    }
    guard offset == packed.octets.count else { throw .value(part: "other") }
    return other
}
