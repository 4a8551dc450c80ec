extension SkeinSettings {
    /// Every setting, in the order of the documents.
    ///
    /// `docs/configuration.md` and `skein config reference` are made from it.
    static let table: SettingTable<SkeinSettings> = {
        let setting = SettingMaker(initial: SkeinSettings())
        let always: Duration = .seconds(100 * 366 * 86_400)
        return SettingTable([
            setting(
                "store.path", \.store.path, .path, variable: "SKEIN_STORE",
                "The folder of the store; it is made where there is none."),
            setting(
                "store.commit-interval", \.store.commitInterval,
                .duration(.zero ... .seconds(10)),
                "How long flows may wait to be safe on the disk, all that came meanwhile at once; "
                    + "0s: each batch at once."),
            setting(
                "store.retention.max-age", \.store.retention.maxAge,
                .optional(.duration(.seconds(60)...always)),
                "Flows that arrived longer ago are deleted."),
            setting(
                "store.retention.max-size", \.store.retention.maxSize,
                .optional(.size(100_000_000...1_000_000_000_000_000_000)),
                "When the store takes more, its oldest flows are deleted."),
            setting(
                "store.retention.minute-rollups", \.store.retention.minuteRollups,
                .optional(.duration(.seconds(3600)...always)),
                "How old sums by the minute may be once their flows are gone; none: as old as they like."
            ),
            setting(
                "store.retention.hour-rollups", \.store.retention.hourRollups,
                .optional(.duration(.seconds(86_400)...always)),
                "How old sums by the hour may be once their flows are gone; none: as old as they like."
            ),
            setting(
                "listen", \.listen, .list(.listen),
                "Where exports arrive: NetFlow, IPFIX and sFlow alike over UDP, IPFIX over TCP and TLS "
                    + "(port 4740 where none is named)."),
            setting(
                "tls.certificate", \.tls.certificate, .optional(.path),
                "The certificate that exporters are shown over TLS, with those between it and its "
                    + "authority, PEM. Read again on a reload."),
            setting(
                "tls.key", \.tls.key, .optional(.path),
                "The key of the certificate, PEM, without a pass phrase."),
            setting(
                "tls.authorities", \.tls.authorities, .optional(.path),
                "Authorities, PEM: exporters must present a certificate of one of them, as RFC 7011 "
                    + "§11.3 demands; none: they need none."),
            setting(
                "receive-buffer", \.receiveBuffer, .size(65_536...1 << 30),
                "What the kernel holds for each UDP socket while Skein is busy. More than "
                    + "net.core.rmem_max allows needs CAP_NET_ADMIN."),
            setting(
                "queue-memory", \.queueMemory, .size(4 << 20...64 << 30),
                "What was received and is not decoded yet takes no more than this."),
            setting(
                "exporters.allow", \.exporters.allow, .list(.prefix),
                "Who may send; an empty list: everybody. Others are counted and ignored."),
            setting(
                "exporters.use-source-port", \.exporters.useSourcePort, .truth,
                "Keep templates of different source ports of one exporter apart, as RFC 7011 says. "
                    + "Exporters that change their port in mid-stream lose flows by it."),
            setting(
                "exporters.overrides", \.exporters.overrides,
                .entries(
                    ExporterOverride.table, initial: ExporterOverride(),
                    example: "{address: 192.0.2.1, sampling: 1000}",
                    check: ExporterOverride.problem),
                "What you know better of single exporters."),
            setting(
                "forward", \.forward, .list(.forward),
                "Other collectors that get a copy of every datagram."),
            setting(
                "interface.name", \.interface.name, .optional(.interface),
                "Meter the packets of this interface into flows; needs CAP_NET_RAW."),
            setting(
                "interface.bpf", \.interface.bpf, .optional(.packetFilter),
                "Only packets that this filter of libpcap takes."),
            setting(
                "interface.active-timeout", \.interface.activeTimeout,
                .duration(.seconds(1) ... .seconds(86_400)),
                "A flow that lasts longer is reported in pieces of this length."),
            setting(
                "interface.idle-timeout", \.interface.idleTimeout,
                .duration(.seconds(1) ... .seconds(3600)),
                "A flow ends when no packet came for so long."),
            setting(
                "interface.buffer", \.interface.buffer, .size(1 << 20...1 << 30),
                "What the kernel holds of its packets while Skein is busy."),
            setting(
                "interface.promiscuous", \.interface.isPromiscuous, .truth,
                "Meter what is for other machines too, as it comes from a switch's mirror port."),
            setting(
                "user", \.user, .optional(.user),
                "Who Skein becomes when root starts it, before it touches the store; of root's rights "
                    + "only those to open interfaces and sockets are kept."),
            setting(
                "geo.countries", \.geo.countries, .optional(.path),
                "The folder with `geoip` and `geoip6`, as Debian's tor-geoipdb installs them."),
            setting(
                "geo.mmdb", \.geo.mmdb, .list(.path),
                "Databases in MaxMind's format (country, city, AS); they go before `countries`."),
            setting(
                "geo.home", \.geo.home,
                .entries(
                    HomeNetwork.table, initial: HomeNetwork(),
                    example: "{networks: [192.0.2.0/24], country: CH}",
                    check: HomeNetwork.problem),
                "Your own networks, where they are, and when they were yours."),
            setting(
                "geo.overrides", \.geo.overrides,
                .entries(
                    GeoOverride.table, initial: GeoOverride(),
                    example: "{prefix: 2001:db8::/32, country: CH}", check: GeoOverride.problem),
                "Networks that lie elsewhere than the databases say. Applied when reading: the past "
                    + "is mended too."),
            setting(
                "intel.database", \.intel.database, .path,
                "Where is kept what the sources list: an SQLite file."),
            setting(
                "intel.sources", \.intel.sources,
                .entries(
                    IntelSource.table, initial: IntelSource(),
                    example: "{name: drop, path: /var/lib/skein/drop.txt}",
                    check: IntelSource.problem),
                "Lists of known-bad peers, which `skein intel update` reads, and `skein serve` from "
                    + "time to time; docs/intel.md has a catalogue of well-known ones, `skein intel feeds "
                    + "--known` prints it."),
            setting(
                "intel.every", \.intel.every, .duration(.zero...always),
                "How often `skein serve` updates sources; `0s` never does."),
            setting(
                "intel.resolver", \.intel.resolver, .optional(.resolver),
                "The resolver that is asked about zones, if not the system's."),
            setting(
                "intel.authorities", \.intel.authorities, .optional(.path),
                "Certificates of authorities that sources' servers are checked with, in PEM, in "
                    + "place of the system's."),
            setting(
                "intel.proxy", \.intel.proxy, .optional(.proxy),
                "The proxy that sources are asked through, `http://HOST:PORT`; none: as `https_proxy`, "
                    + "`http_proxy` and `no_proxy` of the environment say."),
            setting(
                "intel.no-proxy", \.intel.noProxy, .list(.label),
                "What is asked without `intel.proxy`: names with what lies below, addresses, networks; "
                    + "`*`: everything. This machine always is."),
            setting(
                "intel.allow", \.intel.allow, .list(.label),
                "What is never matched or exported whoever lists it: addresses, networks, names with "
                    + "what lies below, other values."),
            setting(
                "intel.warning-lists", \.intel.warningLists, .list(.path),
                "MISP warning lists, files or folders, that allow what they name."),
            setting(
                "intel.own", \.intel.own, .list(.prefix),
                "Your own networks, which no source can list; those of `geo.home` are besides."),
            setting(
                "intel.exports", \.intel.exports,
                .entries(
                    IntelExport.table, initial: IntelExport(),
                    example: "{format: rpz, path: /etc/bind/rpz.zone}",
                    check: IntelExport.problem),
                "Files of what is in force, for other tools, which `skein serve` replaces when they "
                    + "would be others; docs/intel.md."),
            setting(
                "alerts.database", \.alerts.database, .optional(.path),
                "Where alerts are kept: an SQLite file; none: `skein-alerts.sqlite` in the store's "
                    + "folder."),
            setting(
                "alerts.built-in", \.alerts.builtIn,
                .list(
                    .word(AlertSettings.builtInNames.map { ($0, $0) }, noun: "a built-in rule")),
                "Rules that come with Skein and are on; docs/alerts.md has each."),
            setting(
                "alerts.rules", \.alerts.rules,
                .entries(
                    AlertRuleSettings.table, initial: AlertRuleSettings(),
                    example: "{name: known-bad, sources: [otx]}",
                    check: AlertRuleSettings.problem),
                "Rules of your own."),
            setting(
                "alerts.retro", \.alerts.retro,
                .optional(.duration(.seconds(60)...Duration.seconds(3660 * 86_400))),
                "How far back the stored past is searched for what sources newly list; none: not at "
                    + "all."),
            setting(
                "alerts.query-logs", \.alerts.queryLogs,
                .entries(
                    QueryLogSettings.table, initial: QueryLogSettings(),
                    example: "{path: /var/log/named/rpz.log}"),
                "Logs of resolvers whose questions for what is listed are alerts (docs/alerts.md)."),
            setting(
                "alerts.sinks", \.alerts.sinks,
                .entries(
                    AlertSinkSettings.table, initial: AlertSinkSettings(),
                    example: "{name: log, to: file, path: /var/log/skein/alerts.log}",
                    check: AlertSinkSettings.problem),
                "Where alerts are told; none: on standard error."),
            setting(
                "http.listen", \.http.listen, .optional(.local),
                "Where the page, its interface and the metrics are served. At an address that other "
                    + "machines reach only with users (docs/access.md) and TLS."),
            setting(
                "http.hosts", \.http.hosts, .list(.hostName),
                "Names by which browsers may ask, besides localhost and, where other machines reach it, "
                    + "addresses."),
            setting(
                "http.tls.certificate", \.http.tls.certificate, .optional(.path),
                "The certificate that browsers are shown, with those between it and its authority, "
                    + "PEM. Read again when it changes."),
            setting(
                "http.tls.key", \.http.tls.key, .optional(.path),
                "The key of the certificate, PEM, without a pass phrase."),
            setting(
                "http.plain", \.http.isPlain, .truth,
                "Whether other machines may reach it without TLS: only where a web server in front "
                    + "speaks TLS."),
            setting(
                "http.proxies", \.http.proxies, .list(.prefix),
                "Web servers in front, whose X-Forwarded-For says who asks: wrong passwords are counted "
                    + "by it."),
            setting(
                "http.access-file", \.http.accessFile, .optional(.path),
                "The file of users and tokens that `skein user` and `skein token` write; none: `ACCESS` "
                    + "in the store's folder. Followed while the server runs."),
            setting(
                "http.metrics", \.http.metricReaders, .list(.prefix),
                "Who may read /metrics without a token, once there are users: addresses, networks."),
            setting(
                "http.session-idle", \.http.sessionIdle, .duration(.seconds(60)...always),
                "Whoever has asked for nothing for so long is logged out."),
            setting(
                "http.session-time", \.http.sessionTime, .duration(.seconds(60)...always),
                "Whoever has been logged in for so long is logged out."),
            setting(
                "http.query-time", \.http.queryTime, .duration(.milliseconds(100)...always),
                "A query over HTTP is ended after so long."),
            setting(
                "http.query-memory", \.http.queryMemory, .size(16 << 20...1 << 40),
                "Memory of one query over HTTP for groups and sorted lists; what is more goes to "
                    + "temporary files."),
            setting(
                "http.queries", \.http.queries, .number(1...64),
                "Queries over HTTP that run at once; others wait for their turn."),
            setting(
                "log.level", \.log.level,
                .word(LogSettings.Level.allCases.map { ($0.rawValue, $0) }, noun: "a level"),
                "How much is said on standard error."),
            setting("log.json", \.log.json, .truth, "Whether each line of it is a JSON object."),
        ])
    }()

    /// What is said of every setting.
    public static var reference: [SettingInfo] { table.settings.map(\.info) }
}
