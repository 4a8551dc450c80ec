import ArgumentParser
import FlowQuery
import Glibc
import SkeinServer

/// `skein token`.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make and revoke keys by which programs ask skein serve.",
        discussion: """
            A token goes with every request as a header, Authorization: Bearer TOKEN. Tokens stand in the \
            file of the users (skein user), as digests: what is shown once cannot be shown again.
            """,
        subcommands: [
            TokenCreateCommand.self, TokenRevokeCommand.self, TokenListCommand.self,
        ])
}

/// `skein token create`.
struct TokenCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token, and print it: once.",
        discussion: """
              skein token create prometheus --expires 365d
              skein token create ticket-system --scope admin > /etc/tickets/skein-token
            """)

    @Argument(help: "What it is called.")
    var name: String

    @Option(help: "What it opens: read, or admin: changing something, too.")
    var scope = AccessScope.read

    @Option(
        help: ArgumentHelp(
            "For how long it is good: 90d, 12h (default: until it is revoked).",
            valueName: "time"))
    var expires: String?

    @OptionGroup var options: AccessOptions

    func validate() throws {
        try AccessProblem.check(name: name)
        _ = try lifetime()
    }

    func run() throws {
        try runCommand {
            let now = Int64(time(nil))
            let end = try lifetime().map { now + $0 }
            let file = try options.file()
            let text = try file.change { list in
                guard !list.tokens.contains(where: { $0.name == name }) else {
                    throw AccessProblem(
                        description: "there is a token \(name) already; skein token revoke \(name) "
                            + "ends it")
                }
                guard list.tokens.count < AccessList.entriesMax else {
                    throw AccessProblem(
                        description: "there are \(AccessList.entriesMax) tokens, as many as there "
                            + "can be")
                }
                return list.add(token: name, scope: scope, created: now, expires: end)
            }
            try StandardStreams.write(Array((text + "\n").utf8))
        }
    }

    /// Seconds that it is good for; nil = for ever.
    private func lifetime() throws -> Int64? {
        guard let expires else { return nil }
        guard let length = DurationText.milliseconds(expires, bare: nil), length >= 1000,
            let seconds = Int64(exactly: length / 1000), seconds <= 100 * 366 * 86_400
        else {
            throw ValidationError("--expires: ‘\(expires)’ is no time such as 90d or 12h.")
        }
        return seconds
    }
}

/// `skein token revoke`.
struct TokenRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Make a token good for nothing, at once.")

    @Argument(help: "What it is called.")
    var name: String

    @OptionGroup var options: AccessOptions

    func run() throws {
        try runCommand {
            try options.file().change { list in
                guard list.remove(token: name) else {
                    throw AccessProblem(
                        description: "there is no token \(name.prefix(80)); skein token list has "
                            + "them")
                }
            }
            StandardStreams.say("the token \(name) opens nothing any more")
        }
    }
}

/// `skein token list`.
struct TokenListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List tokens, without what they are.")

    @OptionGroup var answer: AccessListOutput
    @OptionGroup var options: AccessOptions

    func run() throws {
        try runCommand {
            let tokens = try options.file().read().tokens
            try ListedRows(
                columns: ["name", "scope", "created", "expires"],
                rows: tokens.map { token in
                    [
                        .text(token.name), .text(token.scope.rawValue),
                        AccessListOutput.value(token.created),
                        AccessListOutput.value(token.expires),
                    ]
                },
                table: (
                    ["name", "scope", "created", "expires"],
                    tokens.map { token in
                        [
                            token.name, token.scope.rawValue, answer.time(token.created),
                            answer.time(token.expires),
                        ]
                    }
                )
            ).write(as: answer.output)
        }
    }
}
