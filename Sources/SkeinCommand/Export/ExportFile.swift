import FlowIntel
import Glibc

/// A file that is there when it is whole: written beside its place and put there at the end.
///
/// What is no regular file (a pipe, a device, standard output) is written to as it is.
final class ExportFile {
    /// What messages call it.
    let name: String
    private let target: Target
    private let path: String

    private enum Target {
        /// Written in place.
        case stream(FileSink)
        case file(FileReplacement)
    }

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
        guard path != "-" else {
            name = "standard output"
            target = .stream(FileSink(descriptor: STDOUT_FILENO, name: name))
            return
        }
        name = path
        var status = stat()
        if stat(path, &status) == 0 {
            switch status.st_mode & S_IFMT {
            case S_IFDIR: throw Problem.place(path, code: EISDIR)
            case S_IFREG: if !overwrites { throw Problem.exists(path) }
            default:
                let descriptor = open(path, O_WRONLY | O_CLOEXEC)
                guard descriptor >= 0 else { throw Problem.place(path, code: errno) }
                target = .stream(FileSink(descriptor: descriptor, name: path))
                return
            }
        }
        do throws(FileReplacementError) {
            target = .file(try FileReplacement(path, overwrites: overwrites))
        } catch {
            throw Problem.place(error.path, code: error.code)
        }
    }

    func write(_ octets: [UInt8]) throws {
        if octets.isEmpty { return }
        switch target {
        case .stream(let sink): try sink.write(octets)
        case .file(let file):
            do throws(FileReplacementError) {
                try file.write(octets)
            } catch {
                throw SinkError.write(name: name, code: error.code)
            }
        }
    }

    /// Closes the file and puts it in its place.
    func finish() throws {
        switch target {
        case .stream(let sink): try sink.close()
        case .file(let file):
            do throws(FileReplacementError) {
                try file.finish()
            } catch {
                throw error.code == EEXIST
                    ? Problem.exists(path) : Problem.place(path, code: error.code)
            }
        }
    }
}
