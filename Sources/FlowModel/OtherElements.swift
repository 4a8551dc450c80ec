/// One information element of a record that has no column of its own.
public struct OtherElement: Hashable, Sendable {
    /// Private enterprise number; 0 = IANA.
    public let enterprise: UInt32
    /// Element number without the enterprise bit; in NetFlow v9 the full field type.
    public let id: UInt16
    /// Octets of each value; 65535: every value is preceded by its length in two octets.
    public let length: UInt16

    /// The length that stands for "varies".
    public static let variableLength: UInt16 = 65535

    /// Names an element.
    public init(enterprise: UInt32, id: UInt16, length: UInt16) {
        self.enterprise = enterprise
        self.id = id
        self.length = length
    }
}

/// The `other` column: for each row the raw values of elements without a column, as they were on the
/// wire (big-endian), behind each other in the order of the row's layout.
///
/// A layout is the list of elements of one template, kept once a batch, so a row costs its octets and
/// two small numbers. Rows are appended in order; rows never appended have nothing.
public struct OtherElements: Sendable {
    /// The lists of elements in use.
    ///
    /// At most 65,535.
    public private(set) var layouts: [[OtherElement]] = []
    /// For each appended row: the index of its layout plus one; 0 = nothing.
    public private(set) var layoutOfRow: [UInt16] = []
    /// For each appended row: where its octets end in ``octets``.
    public private(set) var endOfRow: [UInt32] = []
    /// The octets of all rows.
    public private(set) var octets: [UInt8] = []

    private var indexOfLayout: [[OtherElement]: UInt16] = [:]
    /// Elements of all layouts.
    private var layoutElements = 0

    /// An empty column.
    public init() {}

    /// Whether no row has anything.
    public var isEmpty: Bool { layouts.isEmpty }

    /// Whether the batch should be handed on before more is appended.
    ///
    /// Exporters decide how long layouts and values are; a store must be able to write a batch, and
    /// there is a limit to what it may hold.
    public var isFull: Bool {
        octets.count > 1 << 26 || layoutElements > 1 << 20 || layouts.count > 65_000
    }

    /// The number of a layout, entered if new.
    ///
    /// Nil where the batch has 65,535 already.
    public mutating func layout(_ elements: [OtherElement]) -> UInt16? {
        if let index = indexOfLayout[elements] { return index }
        guard layouts.count < 65535, !elements.isEmpty else { return nil }
        layouts.append(elements)
        layoutElements += elements.count
        indexOfLayout[elements] = UInt16(layouts.count)
        return UInt16(layouts.count)
    }

    /// Sets the octets of `row`, which must not be before a row that was set already.
    ///
    /// - Parameter layout: what ``layout(_:)`` answered.
    public mutating func set(row: Int, layout: UInt16, octets bytes: RawSpan) {
        precondition(row >= layoutOfRow.count && layout > 0 && Int(layout) <= layouts.count)
        fill(to: row)
        unsafe bytes.withUnsafeBytes { unsafe octets.append(contentsOf: $0) }
        layoutOfRow.append(layout)
        endOfRow.append(UInt32(octets.count))
    }

    /// Sets the octets of `rows`, one record each, none of them before a row that was set already.
    ///
    /// - Parameters:
    ///   - layout: what ``layout(_:)`` answered.
    ///   - records: the records, `stride` octets from one to the next.
    ///   - pieces: which octets of a record to keep.
    public mutating func set(
        rows: Range<Int>, layout: UInt16, records: RawSpan, stride: Int, pieces: [Range<Int>]
    ) {
        precondition(rows.lowerBound >= layoutOfRow.count && layout > 0)
        precondition(Int(layout) <= layouts.count && !rows.isEmpty && stride >= 0)
        let last = (rows.count - 1) * stride
        var width = 0
        for piece in pieces {
            precondition(piece.lowerBound >= 0 && last + piece.upperBound <= records.byteCount)
            width += piece.count
        }
        fill(to: rows.lowerBound)
        var target = octets.count
        octets.append(contentsOf: repeatElement(0, count: width * rows.count))
        layoutOfRow.append(contentsOf: repeatElement(layout, count: rows.count))
        endOfRow.append(contentsOf: (1...rows.count).lazy.map { UInt32(target + $0 * width) })
        unsafe records.withUnsafeBytes { source in
            unsafe octets.withUnsafeMutableBytes { buffer in
                for index in 0..<rows.count {
                    for piece in pieces {
                        let start = index * stride + piece.lowerBound
                        unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[target...])
                            .copyMemory(
                                from: UnsafeRawBufferPointer(
                                    rebasing: source[start..<start + piece.count]))
                        target += piece.count
                    }
                }
            }
        }
    }

    /// The elements and octets of `row`, in wire order.
    public func elements(at row: Int) -> [(element: OtherElement, octets: ArraySlice<UInt8>)] {
        guard row < layoutOfRow.count, layoutOfRow[row] > 0 else { return [] }
        let start = row == 0 ? 0 : Int(endOfRow[row - 1])
        return Self.split(
            octets[start..<Int(endOfRow[row])], by: layouts[Int(layoutOfRow[row]) - 1])
    }

    /// Cuts a row's octets into its elements; stops where they do not suffice.
    public static func split(
        _ octets: ArraySlice<UInt8>, by layout: [OtherElement]
    ) -> [(element: OtherElement, octets: ArraySlice<UInt8>)] {
        var rest = octets
        var found: [(element: OtherElement, octets: ArraySlice<UInt8>)] = []
        for element in layout {
            var length = Int(element.length)
            if element.length == OtherElement.variableLength {
                guard rest.count >= 2 else { break }
                length = Int(rest.removeFirst()) << 8
                length |= Int(rest.removeFirst())
            }
            guard rest.count >= length else { break }
            found.append((element, rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return found
    }

    mutating func removeAll() {
        layouts.removeAll(keepingCapacity: true)
        layoutElements = 0
        layoutOfRow.removeAll(keepingCapacity: true)
        endOfRow.removeAll(keepingCapacity: true)
        octets.removeAll(keepingCapacity: true)
        indexOfLayout.removeAll(keepingCapacity: true)
    }

    private mutating func fill(to row: Int) {
        let end = UInt32(octets.count)
        while layoutOfRow.count < row {
            layoutOfRow.append(0)
            endOfRow.append(end)
        }
    }
}
