public import ArgumentParser
import FlowQuery
import Glibc
import SkeinConfiguration
public import SkeinServer

extension AccessScope: ExpressibleByArgument {}

/// Which file of users and tokens, and how to answer.
struct AccessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The file of users and tokens (default: http.access-file of --config, else ACCESS in the "
                + "store's folder). Only its owner may read it; it is replaced as a whole.",
            valueName: "file"))
    var accessFile: String?

    @Option(
        help: ArgumentHelp(
            "The configuration of skein serve (default: $SKEIN_CONFIG, else none).",
            valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "The store's folder (default: store.path, $SKEIN_STORE, else ./skein-data).",
            valueName: "dir"))
    var store: String?

    /// The file.
    func file() throws -> AccessFile {
        if let accessFile { return AccessFile(accessFile) }
        do {
            let settings = try SkeinSettings.configured(by: config, store: store)
            if settings.http.accessFile == nil { try makeFolder(settings.store.path) }
            return AccessFile(settings.accessFile)
        } catch let errors as ConfigurationErrors {
            errors.lines.forEach(StandardStreams.say)
            throw ExitCode.failure
        }
    }

    /// The first password comes before the first flow: makes the store's folder, but none above it.
    private func makeFolder(_ path: String) throws {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw SystemError(action: "making the store \(path)", number: errno)
        }
    }
}

/// How a list of users or tokens is answered.
struct AccessListOutput: ParsableArguments {
    @Option(help: "How to answer: table, json, ndjson or csv.")
    var output = OutputFormat.table

    @Flag(help: "Times of tables in UTC.")
    var utc = false

    /// A time, s since 1970, as tables show it.
    func time(_ seconds: Int64?) -> String {
        guard let seconds else { return "never" }
        var text: [UInt8] = []
        let instant = UInt64(min(max(seconds, 0), 1 << 40)) * 1000
        TimeText(zone: utc ? .utc : .local).append(instant, to: &text)
        return String(decoding: text.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)
    }

    /// The same in JSON: ms since 1970.
    static func value(_ seconds: Int64?) -> JSONValue {
        seconds.map { .integer($0.multipliedReportingOverflow(by: 1000).partialValue) } ?? .null
    }
}

/// Something is wrong with a name, or a password; what, and what to do.
struct AccessProblem: Error, CustomStringConvertible {
    let description: String

    /// Refuses what cannot be a name.
    static func check(name: String) throws {
        guard AccessList.isName(name) else {
            throw ValidationError(
                "‘\(name.prefix(80))’ cannot be a name: it has 1 to 64 letters, digits and . _ - @."
            )
        }
    }
}
