public import FlowModel
import Glibc

/// Who may ask a server, and for how long who has logged in.
public struct AccessConfiguration: Sendable {
    /// The file of users and tokens; it is followed.
    public var file: AccessFile
    /// Whether others than programs of this machine reach the server: nobody may ask without a name then.
    ///
    /// Otherwise names are asked for as soon as there are any.
    public var isReachable = false
    /// How long somebody stays logged in without asking for anything.
    public var sessionIdle: Duration = .seconds(3600)
    /// How long somebody stays logged in at most.
    public var sessionTime: Duration = .seconds(12 * 3600)
    /// Who may read the metrics without a name.
    public var metricReaders: [IPPrefix] = []
    /// Web servers in front, whose word is taken for who asks.
    public var proxies: [IPPrefix] = []

    /// With that file, otherwise the defaults.
    public init(file: AccessFile) { self.file = file }
}

/// The times that the judgement of who may ask goes by.
struct AccessClock: Sendable {
    /// ms since any beginning; never goes back.
    var monotonic: @Sendable () -> Int64
    /// s since 1970.
    var wall: @Sendable () -> Int64

    /// Those of the machine.
    static let machine: AccessClock = {
        let start = ContinuousClock.now
        return AccessClock(
            monotonic: { Int64((ContinuousClock.now - start).milliseconds) },
            wall: { Int64(time(nil)) })
    }()
}
