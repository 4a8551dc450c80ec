import ArgumentParser
import FlowQuery
import Glibc
import SkeinServer

/// `skein user`.
struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Say who may log in to the page of skein serve.",
        discussion: """
            Users stand in the file ACCESS of the store's folder (http.access-file), which only its owner \
            may read; of passwords it has scrypt's hashes. A running server sees every change at once: with \
            the first user it begins to ask for passwords, and whose password is changed, or who is \
            removed, is logged out. docs/access.md
            """,
        subcommands: [
            UserAddCommand.self, UserPasswordCommand.self, UserRemoveCommand.self,
            UserListCommand.self,
        ])
}

/// `skein user add`.
struct UserAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Let somebody log in.",
        discussion: """
            The password is asked for, or is the first line of standard input where that is no terminal; it \
            has 10 characters or more.

              skein user add anna --scope admin --store /var/lib/skein
              pwgen -s 20 1 | skein user add ben
            """)

    @Argument(help: "The name to log in with.")
    var name: String

    @Option(help: "What they may do: read, or admin: acknowledge alerts, too.")
    var scope = AccessScope.read

    @OptionGroup var options: AccessOptions

    func validate() throws { try AccessProblem.check(name: name) }

    func run() throws {
        try runCommand {
            let file = try options.file()
            // Before anybody types a password for nothing.
            try check(try file.read())
            let password = try PasswordHash(PasswordPrompt.read())
            try file.change { list in
                try check(list)
                list.put(
                    .init(
                        name: name, scope: scope, password: password, changed: Int64(time(nil))))
            }
            StandardStreams.say("\(name) may log in (\(scope.rawValue)); \(file.path)")
        }
    }

    private func check(_ list: AccessList) throws {
        guard list[user: name] == nil else {
            throw AccessProblem(
                description: "there is a \(name) already; skein user passwd \(name) changes the "
                    + "password")
        }
        guard list.users.count < AccessList.entriesMax else {
            throw AccessProblem(
                description: "there are \(AccessList.entriesMax) users, as many as there can be")
        }
    }
}

/// `skein user passwd`.
struct UserPasswordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passwd",
        abstract: "Change somebody's password or scope, and log them out everywhere.")

    @Argument(help: "The name.")
    var name: String

    @Option(help: "Change what they may do, too: read or admin.")
    var scope: AccessScope?

    @OptionGroup var options: AccessOptions

    func run() throws {
        try runCommand {
            let file = try options.file()
            guard try file.read()[user: name] != nil else { throw UserRemoveCommand.absent(name) }
            let password = try PasswordHash(PasswordPrompt.read())
            try file.change { list in
                guard var user = list[user: name] else { throw UserRemoveCommand.absent(name) }
                user.password = password
                user.changed = Int64(time(nil))
                user.scope = scope ?? user.scope
                list.put(user)
            }
            StandardStreams.say("\(name) has another password, and is logged out everywhere")
        }
    }
}

/// `skein user remove`.
struct UserRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Let somebody log in no more, and log them out.")

    @Argument(help: "The name.")
    var name: String

    @OptionGroup var options: AccessOptions

    func run() throws {
        try runCommand {
            let file = try options.file()
            let isLast = try file.change { list in
                guard list.remove(user: name) else { throw Self.absent(name) }
                return list.isEmpty
            }
            StandardStreams.say(
                isLast
                    ? "\(name) is removed; nobody is left: on loopback nobody is asked for a password "
                        + "now, elsewhere nobody gets in"
                    : "\(name) is removed")
        }
    }

    static func absent(_ name: String) -> AccessProblem {
        AccessProblem(description: "there is no user \(name.prefix(80)); skein user list has them")
    }
}

/// `skein user list`.
struct UserListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List who may log in.")

    @OptionGroup var answer: AccessListOutput
    @OptionGroup var options: AccessOptions

    func run() throws {
        try runCommand {
            let users = try options.file().read().users
            try ListedRows(
                columns: ["name", "scope", "changed"],
                rows: users.map { user in
                    [
                        .text(user.name), .text(user.scope.rawValue),
                        AccessListOutput.value(user.changed),
                    ]
                },
                table: (
                    ["name", "scope", "password of"],
                    users.map { [$0.name, $0.scope.rawValue, answer.time($0.changed)] }
                )
            ).write(as: answer.output)
        }
    }
}
