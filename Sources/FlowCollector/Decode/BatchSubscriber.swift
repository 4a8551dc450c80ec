public import FlowModel
import Synchronization

/// Adds to the flows of a batch before anybody reads them: countries, AS numbers.
///
/// Made and used by the decoding thread alone.
public protocol BatchEnricher {
    /// Writes columns of the batch's rows.
    ///
    /// Called once for each batch, and decoding waits for it.
    func enrich(_ batch: FlowBatch)
}

/// Makes what enriches, on the thread that uses it.
public typealias EnricherMaker = @Sendable () -> any BatchEnricher

/// How to make the enricher; a reload brings another.
final class SharedEnricherMaker: Sendable {
    private let state: Mutex<(number: Int, make: EnricherMaker?)>

    init(_ make: EnricherMaker?) { state = Mutex((0, make)) }

    func replace(by make: EnricherMaker?) {
        state.withLock { $0 = ($0.number + 1, make) }
    }

    /// Its number, which grows with each replacement, and how to make it.
    var current: (number: Int, make: EnricherMaker?) { state.withLock { $0 } }
}

/// Reads flows as they arrive.
public protocol BatchSubscriber: Sendable {
    /// Reads a batch, which holds until it returns.
    ///
    /// Called by one thread of its own. Others read the batch at the same time: it must not be changed.
    func take(_ batch: FlowBatch)

    /// Hears of flows that it is not given, as it was too slow; called by those who decode, and not to be
    /// waited in.
    func miss(_ flows: Int)
}

extension BatchSubscriber {
    /// Does not mind.
    public func miss(_ flows: Int) {}
}

/// Who reads flows, and what happens when they come faster than they are read.
public struct BatchSubscription: Sendable {
    /// What happens then.
    public enum Delivery: Sendable {
        /// Decoding waits: every flow is read.
        case lossless
        /// Flows are left out, and counted.
        case lossy
    }

    /// Its name in counters.
    public var name: String
    /// Who reads.
    public var subscriber: any BatchSubscriber
    /// What happens when it is slow.
    public var delivery: Delivery
    /// Batches that may wait for it, at least one.
    public var depth: Int

    /// Names a reader.
    public init(
        name: String, _ subscriber: any BatchSubscriber, delivery: Delivery, depth: Int = 2
    ) {
        self.name = name
        self.subscriber = subscriber
        self.delivery = delivery
        self.depth = max(depth, 1)
    }
}
