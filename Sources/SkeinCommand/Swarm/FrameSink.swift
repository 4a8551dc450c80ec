import ArgumentParser
import FlowIntel
import Glibc

/// What frames are made into.
enum FrameForm: Equatable {
    /// The frames as they are, on standard output.
    case raw
    /// A file that ffmpeg writes: its own words for it.
    case encoded([String])
    /// Many files.
    case pictures

    init(path: String) throws {
        guard path != "-" else {
            self = .raw
            return
        }
        switch path.split(separator: "/").last?.split(separator: ".").last?.lowercased() {
        case "mp4", "mov", "m4v":
            self = .encoded(Self.h264 + ["-movflags", "+faststart"])
        case "mkv": self = .encoded(Self.h264)
        case "webm":
            self = .encoded([
                "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "7", "-row-mt", "1",
                "-crf", "32", "-b:v", "0", "-pix_fmt", "yuv420p",
            ])
        case "gif":
            self = .encoded([
                "-vf", "split[a][b];[a]palettegen=max_colors=128[p];[b][p]paletteuse=dither=bayer",
            ])
        case "png":
            guard path.contains("%") else {
                throw ValidationError(
                    "--out: many pictures need a place for their number, such as frame-%05d.png")
            }
            self = .pictures
        default:
            throw ValidationError(
                "--out: a name that ends in mp4, mkv, webm, gif or png says what to make; - is standard output"
            )
        }
    }

    private static let h264 = [
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-pix_fmt", "yuv420p",
    ]
}

/// Why a video cannot be made.
enum FrameProblem: Error, CustomStringConvertible {
    case exists(String)
    case noEncoder
    case encoder(Int32)
    case rename(String, code: Int32)

    var description: String {
        switch self {
        case .exists(let path): "\(path) is there already; --force overwrites it"
        case .noEncoder:
            "ffmpeg is not installed, which makes the video (Debian: ffmpeg); --out - writes the frames "
                + "as they are"
        case .encoder(let code):
            "ffmpeg gave up (exit code \(code)); what it says about it stands above"
        case .rename(let path, let code):
            "cannot put \(path) in its place: \(String(cString: strerror(code)))"
        }
    }
}

/// Takes frames, and hands them to ffmpeg or to standard output.
///
/// A file is there when it is whole: it is written under another name and renamed at the end.
final class FrameSink {
    private let descriptor: Int32
    private var process: pid_t?
    private let path: String
    private let draft: String?

    /// - Parameter comment: goes into the file's metadata.
    init(
        path: String, size: SwarmSize, fps: Int, overwrites: Bool, comment: String
    ) throws {
        self.path = path
        let form = try FrameForm(path: path)
        guard form != .raw else {
            (descriptor, draft) = (STDOUT_FILENO, nil)
            return
        }
        var target = path
        var words: [String] = []
        if case .encoded(let own) = form {
            if !overwrites, access(path, F_OK) == 0 { throw FrameProblem.exists(path) }
            // The end of the name stays, as it says the form.
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            target = (parts.dropLast() + [".draft-\(getpid())-\(parts.last ?? "")"])
                .joined(separator: "/")
            words = own + ["-metadata", "comment=\(comment)"]
            draft = target
        } else {
            draft = nil
        }
        (process, descriptor) = try Self.start(
            [
                "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo",
                "-pix_fmt", "rgb24", "-s", size.description, "-r", "\(fps)", "-i", "pipe:0", "-an",
            ] + words + ["file:" + target])
    }

    deinit {
        // Given up: what was begun goes.
        guard let process else { return }
        Glibc.close(descriptor)
        kill(process, SIGTERM)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        if let draft { unlink(draft) }
    }

    /// Writes a frame.
    func write(_ pixels: [UInt8]) throws {
        var rest = pixels[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE {
                guard process != nil else { throw ClosedPipe() }
                try close()
                throw FrameProblem.encoder(0)
            } else if errno != EINTR {
                throw SystemError(action: "writing a frame", number: errno)
            }
        }
    }

    /// Waits until everything is written.
    func close() throws {
        guard let process else { return }
        self.process = nil
        Glibc.close(descriptor)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            if let draft { unlink(draft) }
            throw FrameProblem.encoder(status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f))
        }
        guard let draft else { return }
        guard rename(draft, path) == 0 else {
            let code = errno
            unlink(draft)
            throw FrameProblem.rename(path, code: code)
        }
    }

    /// Starts a program that reads what is written to the descriptor.
    private static func start(_ words: [String]) throws -> (pid_t, Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw SystemError(action: "starting ffmpeg", number: errno)
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var process: pid_t = 0
        let code = startProgram(words, input: ends[0], &process)
        Glibc.close(ends[0])
        guard code == 0 else {
            Glibc.close(ends[1])
            if code == ENOENT { throw FrameProblem.noEncoder }
            throw SystemError(action: "starting ffmpeg", number: code)
        }
        return (process, ends[1])
    }
}
