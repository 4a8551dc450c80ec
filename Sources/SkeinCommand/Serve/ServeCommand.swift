import ArgumentParser
import FlowCollector
import FlowStore
import SkeinConfiguration
import SkeinServer

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

            What stands in a configuration file (docs/configuration.md) holds where no option says \
            otherwise; SIGHUP reads it anew. http://127.0.0.1:8055 answers /healthz, /metrics and \
            /api/v1/openapi.json.

            SIGTERM and SIGINT store what has arrived, and end it. SIGUSR1 prints all counters as one \
            line of JSON.
            """)

    @OptionGroup var settings: ConfigurationOptions

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
            let configuration = try settings.load()
            configuration.unused.forEach(StandardStreams.say)
            try ServeSession(
                store: store.path ?? configuration.settings.store.path,
                settings: configuration.settings,
                needsServer: configuration.origins["http.listen"] != nil,
                configuration: { try collectorConfiguration(settings.load().settings) },
                notifier: ServiceNotifier(environment: ConfigurationOverrides.environment)
            ).run(signals)
        } catch let errors as ConfigurationErrors {
            errors.lines.forEach(StandardStreams.say)
            throw ExitCode.failure
        } catch {
            StandardStreams.say("\(error)")
            throw ExitCode.failure
        }
    }

    /// What the options make of the settings.
    private func collectorConfiguration(_ settings: SkeinSettings) -> CollectorConfiguration {
        var configuration = settings.collector
        receiving.apply(to: &configuration)
        if let maxAge { configuration.retention.maxAge = .milliseconds(maxAge.milliseconds) }
        if let maxSize { configuration.retention.maxOctets = maxSize.octets }
        return configuration
    }
}
