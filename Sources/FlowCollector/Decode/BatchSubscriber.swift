public import FlowModel

/// Adds to the flows of a batch before anybody reads them: countries, AS numbers.
public protocol BatchEnricher: Sendable {
    /// Writes columns of the batch's rows.
    ///
    /// Called by one thread, once for each batch, and decoding waits for it.
    func enrich(_ batch: FlowBatch)
}

/// Reads flows as they arrive.
public protocol BatchSubscriber: Sendable {
    /// Reads a batch, which holds until it returns.
    ///
    /// Called by one thread of its own. Others read the batch at the same time: it must not be changed.
    func take(_ batch: FlowBatch)
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
