/// Integers in network byte order.
///
/// Each read is checked against the span, so a wrong length test upstream is a stop, never a stray
/// read; the checks of one header fold into its one length test.
extension RawSpan {
    @inline(__always)
    func octet(at offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    @inline(__always)
    func network16(at offset: Int) -> UInt16 {
        unsafe UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @inline(__always)
    func network32(at offset: Int) -> UInt32 {
        unsafe UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inline(__always)
    func network64(at offset: Int) -> UInt64 {
        unsafe UInt64(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The 48 bits at `offset`.
    @inline(__always)
    func network48(at offset: Int) -> UInt64 {
        UInt64(network32(at: offset)) << 16 | UInt64(network16(at: offset + 4))
    }
}
