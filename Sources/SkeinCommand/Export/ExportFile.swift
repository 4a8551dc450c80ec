import Glibc

/// A file that is there when it is whole: written beside its place and put there at the end.
///
/// What is no regular file (a pipe, a device, standard output) is written to as it is.
final class ExportFile {
    /// What messages call it.
    let name: String
    private let sink: FileSink
    /// Where it is written until it is whole; nil where it is written in place.
    private var partial: String?
    private let path: String
    private let overwrites: Bool

    /// Why a file cannot be made.
    enum Problem: Error, CustomStringConvertible {
        case exists(String)
        case place(String, code: Int32)

        var description: String {
            switch self {
            case .exists(let path): "\(path) is there already; --force overwrites it"
            case .place(let path, let code):
                "cannot create \(path): \(String(cString: strerror(code)))"
            }
        }
    }

    /// - Parameters:
    ///   - path: the file; `-` is standard output.
    ///   - overwrites: whether it may be there already.
    init(path: String, overwrites: Bool) throws {
        self.path = path
        self.overwrites = overwrites
        guard path != "-" else {
            sink = FileSink(descriptor: STDOUT_FILENO, name: "standard output")
            name = sink.name
            return
        }
        name = path
        var status = stat()
        if stat(path, &status) == 0 {
            if status.st_mode & S_IFMT == S_IFREG || status.st_mode & S_IFMT == S_IFDIR {
                guard overwrites, status.st_mode & S_IFMT == S_IFREG else {
                    throw status.st_mode & S_IFMT == S_IFDIR
                        ? Problem.place(path, code: EISDIR) : Problem.exists(path)
                }
            } else {
                let descriptor = open(path, O_WRONLY | O_CLOEXEC)
                guard descriptor >= 0 else { throw Problem.place(path, code: errno) }
                sink = FileSink(descriptor: descriptor, name: path)
                return
            }
        }
        let partial = path + ".partial"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Problem.place(partial, code: errno) }
        self.partial = partial
        sink = FileSink(descriptor: descriptor, name: path)
    }

    func write(_ octets: [UInt8]) throws {
        if octets.isEmpty { return }
        try sink.write(octets)
    }

    /// Closes the file and puts it in its place.
    func finish() throws {
        try sink.close()
        guard let partial else { return }
        if overwrites {
            guard rename(partial, path) == 0 else { throw Problem.place(path, code: errno) }
        } else {
            // Unlike a rename, a link does not replace what came there meanwhile.
            guard link(partial, path) == 0 else {
                throw errno == EEXIST ? Problem.exists(path) : Problem.place(path, code: errno)
            }
            unlink(partial)
        }
        self.partial = nil
    }

    deinit { if let partial { unlink(partial) } }
}
