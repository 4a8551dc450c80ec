/// A data set whose template has not come.
struct WaitingSet {
    var id: UInt16
    /// The set without its header.
    var octets: [UInt8]
    var header: MessageHeader
    /// Arrival, ms since 1970.
    var received: UInt64
    /// The sender's port, as far as templates are kept apart by it.
    var port: UInt16
    /// The number of the datagram that it came in.
    var datagram: UInt64

    /// Octets that it is charged for: also what holds it.
    var cost: Int { octets.count + 128 }

    /// Whether `template`, as the latest message that carried it has it, is the one that it waits for.
    ///
    /// A template that is older than the data belongs to an earlier life of the exporter, or was
    /// delayed past a redefinition; within a second the sequence numbers tell. One that follows the
    /// data within the same message cannot have been meant either: exporters send a template before
    /// they use it.
    func fits(_ template: Template) -> Bool {
        guard template.id == id, template.datagram != datagram else { return false }
        let later = Int32(bitPattern: template.exportSeconds &- header.exportSeconds)
        guard later == 0 else { return later > 0 }
        return Int32(bitPattern: template.sequence &- (header.sequence ?? 0)) > 0
    }
}

/// The data sets of one observation domain that wait for templates, oldest first.
struct WaitingData {
    private var sets: [WaitingSet] = []
    /// Those before it are gone.
    private var oldest = 0
    /// Octets held.
    private(set) var byteCount = 0
    /// How many wait for each template.
    private var countOfID: [UInt16: Int] = [:]

    /// How many wait.
    var count: Int { sets.count - oldest }

    mutating func append(_ set: WaitingSet) {
        sets.append(set)
        byteCount += set.cost
        countOfID[set.id, default: 0] += 1
    }

    /// Drops the oldest sets until at most `bytes` octets are held; answers how many were dropped.
    mutating func shrink(to bytes: Int) -> Int {
        var dropped = 0
        while byteCount > bytes, oldest < sets.count {
            forget(sets[oldest])
            sets[oldest].octets = []
            oldest += 1
            dropped += 1
        }
        // Not each time: a flood drops one set for every one that comes.
        if oldest * 2 > sets.count {
            sets.removeFirst(oldest)
            oldest = 0
        }
        return dropped
    }

    /// Takes out the sets that `template` decodes.
    mutating func take(for template: Template, port: UInt16) -> [WaitingSet] {
        func isMeant(_ set: WaitingSet) -> Bool { set.port == port && set.fits(template) }
        guard countOfID[template.id] != nil, sets[oldest...].contains(where: isMeant) else {
            return []
        }
        var taken: [WaitingSet] = []
        var left: [WaitingSet] = []
        for set in sets[oldest...] {
            if isMeant(set) {
                taken.append(set)
            } else {
                left.append(set)
            }
        }
        sets = left
        oldest = 0
        for set in taken { forget(set) }
        return taken
    }

    private mutating func forget(_ set: WaitingSet) {
        byteCount -= set.cost
        guard let count = countOfID[set.id], count > 1 else {
            countOfID[set.id] = nil
            return
        }
        countOfID[set.id] = count - 1
    }
}
