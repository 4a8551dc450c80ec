import ArgumentParser
import CAllocator
import Glibc
import SkeinConfiguration

/// `skein serve`.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Collect NetFlow, IPFIX and sFlow as they arrive, or meter an interface.",
        discussion: """
            Listens for exports of routers, and keeps their flows in the store, where skein query sees \
            them within a second. Each port takes every protocol. Without a configuration it listens at \
            UDP 2055, 4739, 6343 and 9995, and TCP 4739.

              skein serve --store /var/lib/skein --max-size 200G
              skein serve --listen udp://192.0.2.1:2055 --allow 192.0.2.0/24
              skein serve --interface eth0 --bpf 'not port 22'

            SIGTERM and SIGINT store what has arrived, and end it; SIGHUP reads the configuration again; \
            SIGUSR1 prints all counters as one line of JSON.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        StandardStreams.ignoreBrokenPipes()
        callocator_share(max(2, CInt(clamping: sysconf(CInt(_SC_NPROCESSORS_ONLN)))))
        callocator_apart(1 << 20)
        // Before there is any thread: each of them inherits that signals are this one's.
        let signals = SignalQueue()
        do {
            try ServeSession(load: { try options.load() }, file: options.file).run(signals)
        } catch let errors as ConfigurationErrors where errors.areOfOptions {
            errors.lines.forEach(StandardStreams.say)
            throw ExitCode.validationFailure
        } catch let errors as ConfigurationErrors {
            errors.lines.forEach(StandardStreams.say)
            throw ExitCode.failure
        } catch {
            StandardStreams.say("\(error)")
            throw ExitCode.failure
        }
    }
}

extension ConfigurationErrors {
    /// Whether the command line alone is wrong.
    fileprivate var areOfOptions: Bool {
        problems.allSatisfy { problem in
            if case .option = problem.origin { true } else { false }
        }
    }
}
