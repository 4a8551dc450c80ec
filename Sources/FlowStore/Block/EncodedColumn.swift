public import FlowModel

/// One unsigned code a row, 0, 1, 2, 4 or 8 octets wide, little-endian.
///
/// Width 0: every code is 0.
public struct Codes: Sendable {
    /// Octets a code.
    public let width: Int
    /// The codes, `rows × width` octets.
    public let storage: EncodedBytes

    /// Wraps codes.
    public init(width: Int, storage: EncodedBytes) {
        precondition([0, 1, 2, 4, 8].contains(width))
        self.width = width
        self.storage = storage
    }
}

/// The distinct addresses of one column in one block, sorted by ``IPAddress``'s order.
public struct AddressDictionary: Sendable {
    /// The addresses, 16 octets each (``IPAddress`` as it lies in memory), ascending, at least one.
    public let storage: EncodedBytes

    /// Wraps sorted, distinct addresses.
    public init(storage: EncodedBytes) { self.storage = storage }

    /// How many.
    public var count: Int { storage.count / 16 }

    /// Some of them, in their order.
    func picking(_ places: [Int]) -> AddressDictionary {
        let (storage, picked) = (storage, EncodedBytes(unfilled: 16 * places.count))
        let addresses = storage.values(as: IPAddress.self)
        var output = picked.mutableValues(as: IPAddress.self)
        // A code beyond the last, which only a damaged store has, reads as that.
        for (index, place) in places.enumerated() {
            output[index] = addresses[min(place, addresses.count - 1)]
        }
        return AddressDictionary(storage: picked)
    }
}

/// Which rows of a block have a value.
public enum Presence: Sendable {
    /// Every row.
    case all
    /// The rows whose bit is set, 64 rows a word, the first lowest; bits beyond the rows are 0.
    case some(EncodedBytes)
}

/// One column of one block as it lies in memory after decompression: filters test the codes and
/// never widen them.
///
/// Rows without a value have a valid code that means nothing.
public struct EncodedColumn: Sendable {
    /// How codes become values.
    public enum Values: Sendable {
        /// value = base + code.
        case frame(base: UInt64, Codes)
        /// value = dictionary[code]; the dictionary is ascending and distinct.
        case dictionary([UInt64], Codes)
        /// address = dictionary[code].
        case addresses(AddressDictionary, Codes)
        /// value = `start` of the same row + code; only ``Field/end``.
        case afterStart(Codes)
    }

    /// Which field.
    public let field: Field
    /// Rows of the block.
    public let rows: Int
    /// Which rows have a value.
    public let presence: Presence
    /// The values.
    public let values: Values

    /// Puts a column together.
    public init(field: Field, rows: Int, presence: Presence, values: Values) {
        self.field = field
        self.rows = rows
        self.presence = presence
        self.values = values
    }
}

/// What is known of a column of a block without reading it; for pruning.
public struct ColumnSummary: Sendable {
    /// Which field.
    public let field: Field
    /// Rows that have a value; for dense fields all.
    public let presentRows: Int
    /// Smallest and largest value of the rows that have one; nil for address columns and `other`.
    public let range: ClosedRange<UInt64>?
    /// Smallest and largest address; nil for other columns.
    public let addressRange: ClosedRange<IPAddress>?
    /// The sum of all values of a counter; nil where it is not known.
    public let sum: UInt64?

    /// Puts a summary together.
    public init(
        field: Field, presentRows: Int, range: ClosedRange<UInt64>?,
        addressRange: ClosedRange<IPAddress>?, sum: UInt64? = nil
    ) {
        self.field = field
        self.presentRows = presentRows
        self.range = range
        self.addressRange = addressRange
        self.sum = sum
    }
}
