import CPage
import CZlib
import NIOCore

/// The files of the page, which are part of the program: a fixed table, so no path leads elsewhere.
///
/// All but the shell are served under a name that changes with their octets, and kept by browsers for ever.
struct PageFiles: Sendable {
    /// A file, as it is sent.
    struct File: Sendable {
        let type: String
        let octets: ByteBuffer
        /// The same by gzip (RFC 1952).
        let compressed: ByteBuffer?
    }

    /// What the address bar may show; the shell looks at it itself.
    static let views: Set<String> = [
        "/", "/map", "/flows", "/alerts", "/exporters", "/intel", "/swarm",
    ]

    /// The document around everything.
    let shell: File
    /// The others by their path.
    let files: [String: File]

    static let all = PageFiles()

    private init() {
        var contents: [(name: String, octets: [UInt8])] = []
        while let file = Self.file(contents.count) { contents.append(file) }
        // One name for all: modules import each other by relative paths, so none has to be rewritten.
        let folder = "/assets/\(Self.digest(contents))/"
        var files: [String: File] = [:]
        var shell = File(type: Self.type(of: "html"), octets: ByteBuffer(), compressed: nil)
        for (name, octets) in contents {
            let ending = name.split(separator: ".").last.map(String.init) ?? ""
            if ending == "html" {
                let text = String(decoding: octets, as: UTF8.self)
                    .replacing("</head>", with: Self.preloads(contents.map(\.name)) + "</head>")
                shell = Self.file(
                    Array(text.replacing("/assets/", with: folder).utf8), ending)
            } else {
                files[folder + name] = Self.file(octets, ending)
            }
        }
        self.shell = shell
        self.files = files
    }

    /// Asks for all modules at once, but for the swarm's, which few need: otherwise each is asked for when the
    /// one that imports it has come.
    private static func preloads(_ names: [String]) -> String {
        names.filter { $0.hasSuffix(".js") && !$0.hasPrefix("swarm") }.map {
            "<link rel=\"modulepreload\" href=\"/assets/\($0)\">\n"
        }.joined()
    }

    /// The text of a file of the page; empty where there is none of that name.
    static func text(named name: String) -> String {
        var index = 0
        while let file = file(index) {
            if file.name == name { return String(decoding: file.octets, as: UTF8.self) }
            index += 1
        }
        return ""
    }

    private static func file(_ index: Int) -> (name: String, octets: [UInt8])? {
        let file = page_file_at(UInt(index))
        guard let name = file.name, let bytes = file.bytes else { return nil }
        let octets = UnsafeBufferPointer(start: bytes, count: Int(file.size))
        return (String(cString: name), Array(octets))
    }

    private static func file(_ octets: [UInt8], _ ending: String) -> File {
        File(
            type: type(of: ending), octets: ByteBuffer(bytes: octets),
            compressed: gzip(octets).map { ByteBuffer(bytes: $0) })
    }

    private static func type(of ending: String) -> String {
        switch ending {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "json": "application/json"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }

    /// FNV-1a, 64 bits: names need to differ, not to withstand anybody.
    private static func digest(_ contents: [(name: String, octets: [UInt8])]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for (name, octets) in contents {
            for octet in Array(name.utf8) + [0] + octets {
                hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3
            }
        }
        return String(hash, radix: 36)
    }

    /// nil where it is no gain.
    private static func gzip(_ octets: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        // 16 beside the window's size asks for gzip's header (zlib.h).
        guard
            deflateInit2_(
                &stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                CInt(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        var input = octets
        var output = [UInt8](repeating: 0, count: octets.count)
        let (status, count) = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                let status = deflate(&stream, Z_FINISH)
                return (status, target.count - Int(stream.avail_out))
            }
        }
        return status == Z_STREAM_END ? Array(output.prefix(count)) : nil
    }
}
