import CPcap

extension PacketCapture {
    /// Begins to capture from an interface; packets wait in the kernel until they are read.
    ///
    /// Takes CAP_NET_RAW, here and not later.
    public convenience init(_ options: Options) throws(PacketCaptureError) {
        let name = options.interface
        try Self.load(for: name)
        // libpcap takes more for a device than interfaces: USB, D-Bus.
        guard name == Self.anyInterface || NetworkInterface(name).number != nil else {
            throw .noInterface(name, known: NetworkInterface.names)
        }
        var text = ErrorText()
        guard let handle = unsafe text.fill({ unsafe cpcap_create(name, $0) }) else {
            throw .failed(name, reason: text.text)
        }
        let warning: String?
        do throws(PacketCaptureError) {
            warning = try unsafe Self.activate(handle, options)
            if let filter = options.filter { try unsafe Self.set(filter, of: handle) }
        } catch {
            unsafe cpcap_close(handle)
            throw error
        }
        guard unsafe text.fill({ unsafe cpcap_setnonblock(handle, 1, $0) }) == 0 else {
            unsafe cpcap_close(handle)
            throw .failed(name, reason: text.text)
        }
        try unsafe self.init(handle, name: name, warning: warning)
    }

    /// Reads a capture file as if its packets came from an interface.
    public convenience init(file: String, filter: String? = nil) throws(PacketCaptureError) {
        try Self.load(for: file)
        var text = ErrorText()
        let precision = UInt32(PCAP_TSTAMP_PRECISION_NANO)
        guard
            let handle = unsafe text.fill({
                unsafe cpcap_open_offline_with_tstamp_precision(file, precision, $0)
            })
        else { throw .failed(file, reason: text.text) }
        do throws(PacketCaptureError) {
            if let filter { try unsafe Self.set(filter, of: handle) }
        } catch {
            unsafe cpcap_close(handle)
            throw error
        }
        try unsafe self.init(handle, name: file)
    }

    private static func load(for name: String) throws(PacketCaptureError) {
        guard let reason = unsafe cpcap_load() else { return }
        throw unsafe .noLibrary(name, reason: String(cString: reason))
    }

    /// libpcap's name for all interfaces at once.
    public static let anyInterface = "any"

    /// Answers what libpcap warns of.
    @unsafe
    private static func activate(
        _ handle: OpaquePointer, _ options: Options
    ) throws(PacketCaptureError) -> String? {
        unsafe cpcap_set_snaplen(handle, Int32(clamping: options.snapLength))
        unsafe cpcap_set_promisc(handle, options.isPromiscuous ? 1 : 0)
        unsafe cpcap_set_timeout(handle, blockMilliseconds)
        unsafe cpcap_set_buffer_size(handle, Int32(clamping: options.bufferBytes))
        // Where it cannot, microseconds are what it answers later.
        unsafe cpcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO)
        let code = unsafe cpcap_activate(handle)
        let name = options.interface
        let text = unsafe cpcap_geterr(handle).map { unsafe String(cString: $0) } ?? ""
        let said = unsafe String(cString: cpcap_statustostr(code))
        let reason = text.isEmpty ? said : text
        switch code {
        case 0: return nil
        case PCAP_ERROR_NO_SUCH_DEVICE: throw .noInterface(name, known: NetworkInterface.names)
        case PCAP_ERROR_PERM_DENIED, PCAP_ERROR_PROMISC_PERM_DENIED: throw .notPermitted(name)
        case PCAP_ERROR_IFACE_NOT_UP: throw .isDown(name)
        case ..<0: throw .failed(name, reason: reason)
        default: return reason
        }
    }

    @unsafe
    private static func set(
        _ filter: String, of handle: OpaquePointer
    ) throws(PacketCaptureError) {
        var program = unsafe bpf_program()
        let unknownMask: UInt32 = 0xffff_ffff
        var code = unsafe cpcap_compile(handle, &program, filter, 1, unknownMask)
        if code == 0 {
            code = unsafe cpcap_setfilter(handle, &program)
            unsafe cpcap_freecode(&program)
        }
        guard code != 0 else { return }
        let reason = unsafe cpcap_geterr(handle).map { unsafe String(cString: $0) } ?? "unknown"
        throw .filterInvalid(filter, reason: reason)
    }
}

/// Where libpcap writes why it cannot.
private struct ErrorText {
    private var octets = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))

    @unsafe
    mutating func fill<Result>(_ body: (UnsafeMutablePointer<CChar>?) -> Result) -> Result {
        unsafe octets.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress) }
    }

    var text: String {
        String(decoding: octets.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
