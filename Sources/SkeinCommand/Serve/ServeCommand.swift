import ArgumentParser
import FlowCollector
import FlowStore

/// `skein serve`.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Collect NetFlow, IPFIX and sFlow as they arrive.",
        discussion: """
            Listens for exports of routers, and keeps their flows in the store, where skein query sees \
            them within a second. Each port takes every protocol.

              skein serve --store /var/lib/skein --max-size 200G
              skein serve --listen 192.0.2.1:2055 --listen tcp://:4739 --allow 192.0.2.0/24

            SIGTERM and SIGINT store what has arrived, and end it. SIGUSR1 prints all counters as one \
            line of JSON.
            """)

    @OptionGroup var store: StoreOption

    @OptionGroup(title: "Receiving") var receiving: ReceivingOptions

    @Option(
        help: ArgumentHelp(
            "Delete what was received longer ago than this: 12h, 90d, 52w.", valueName: "time"))
    var maxAge: AgeArgument?

    @Option(
        help: ArgumentHelp(
            "Delete the oldest flows while the store takes more than this: 500M, 200G, 2T.",
            valueName: "size"))
    var maxSize: SizeArgument?

    func run() throws {
        StandardStreams.ignoreBrokenPipes()
        // Before there is any thread: each of them inherits that signals are this one's.
        let signals = SignalQueue()
        do {
            try ServeSession(
                store: store.directory, configuration: { try collectorConfiguration() }
            ).run(signals)
        } catch {
            StandardStreams.say("\(error)")
            throw ExitCode.failure
        }
    }

    /// What the options make of the defaults.
    private func collectorConfiguration() throws -> CollectorConfiguration {
        var configuration = CollectorConfiguration()
        receiving.apply(to: &configuration)
        configuration.retention = RetentionPolicy(
            maxAge: maxAge.map { .milliseconds($0.milliseconds) }, maxOctets: maxSize?.octets)
        return configuration
    }
}
