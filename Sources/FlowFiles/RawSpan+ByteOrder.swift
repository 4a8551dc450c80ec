/// Integers of a file; each read is checked against the span.
extension RawSpan {
    @inline(__always)
    func octet(at offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    @inline(__always)
    func little16(at offset: Int) -> UInt16 {
        unsafe UInt16(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @inline(__always)
    func little32(at offset: Int) -> UInt32 {
        unsafe UInt32(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inline(__always)
    func little64(at offset: Int) -> UInt64 {
        unsafe UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    func big64(at offset: Int) -> UInt64 { little64(at: offset).byteSwapped }

    /// The text at `offset`, at most `count` octets of it, up to the first NUL.
    func text(at offset: Int, count: Int) -> String {
        let part = extracting(offset..<offset + count)
        return unsafe part.withUnsafeBytes { octets in
            unsafe String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

/// An unsigned integer as it lies in a file; a type for each size and byte order, so that a kernel is
/// compiled for it.
protocol StoredUnsigned {
    /// How many octets.
    static var octets: Int { get }
    /// The value at `offset`, which the caller has checked.
    static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt64
}

enum Little<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>: StoredUnsigned {
    @inline(__always)
    static var octets: Int { MemoryLayout<Value>.size }

    @inline(__always)
    static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt64 {
        unsafe UInt64(
            Value(
                littleEndian: bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: offset, as: Value.self)))
    }
}

enum Big<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>: StoredUnsigned {
    @inline(__always)
    static var octets: Int { MemoryLayout<Value>.size }

    @inline(__always)
    static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt64 {
        unsafe UInt64(
            Value(
                bigEndian: bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: offset, as: Value.self)))
    }
}
