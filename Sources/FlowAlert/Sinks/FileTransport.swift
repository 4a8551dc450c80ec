import Glibc

/// Lines at the end of a file, which others may rotate away.
final class FileTransport: SinkTransport {
    private let path: String
    private var descriptor: CInt = -1
    private var identity: (device: dev_t, number: ino_t) = (0, 0)

    init(path: String) { self.path = path }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func deliver(_ octets: [UInt8]) throws(SinkError) {
        var status = stat()
        let isThere = unsafe stat(path, &status) == 0
        if descriptor < 0 || !isThere
            || status.st_ino != identity.number || status.st_dev != identity.device
        {
            try reopen()
        }
        try writeWhole(octets, to: descriptor, called: path)
    }

    private func reopen() throws(SinkError) {
        if descriptor >= 0 { close(descriptor) }
        descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw SinkError("\(path): \(systemMessage(errno))") }
        var status = stat()
        unsafe fstat(descriptor, &status)
        identity = (status.st_dev, status.st_ino)
    }
}

/// Lines on standard output.
final class DescriptorTransport: SinkTransport {
    func deliver(_ octets: [UInt8]) throws(SinkError) {
        try writeWhole(octets, to: STDOUT_FILENO, called: "standard output")
    }
}

private func writeWhole(
    _ octets: [UInt8], to descriptor: CInt, called name: String
) throws(SinkError) {
    var done = 0
    while done < octets.count {
        let count = unsafe octets.withUnsafeBytes { memory in
            unsafe write(
                descriptor, memory.baseAddress.map { unsafe $0 + done }, memory.count - done)
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw SinkError("\(name): \(systemMessage(errno))") }
        done += count
    }
}
