import FlowModel

/// The rates of the rows of a block where they differ; 0: not known.
///
/// What a rate depends on has few values in a block: it is looked up for each combination of them, and
/// the rows take it from there. Only where something was announced within the block's time does every
/// row count by itself.
struct RollupRates {
    private let block: any BlockSource
    private let table: RateTable

    init(_ block: any BlockSource, _ table: RateTable) {
        self.block = block
        self.table = table
    }

    /// Writes the rate of every row.
    func resolve(_ scratch: RollupScratch, into memory: EncodedBytes) throws {
        let own = block.summary(of: .sampling)?.presentRows ?? 0
        if own < block.rows, try !resolveTogether(scratch, into: memory) {
            try resolveEach(into: memory)
        }
        guard own > 0, let sampling = try block.column(.sampling) else { return }
        let values = scratch.first
        var decoded = values.mutableValues(as: UInt64.self)
        sampling.decodeNumbers(into: &decoded)
        var output = memory.mutableValues(as: UInt64.self)
        for row in 0..<block.rows where sampling.presence.has(row) { output[row] = decoded[row] }
    }

    /// False where the rate of some row changed within the time of the block.
    private func resolveTogether(
        _ scratch: RollupScratch, into memory: EncodedBytes
    ) throws -> Bool {
        let fields: [Field] =
            [.exporter, .domain, .samplerid] + (table.knowsInterfaces ? [.inif] : [])
        let columns = try fields.map { try RollupCodes.column($0, of: block, scratch) }
        let keys = columns.map(\.keyWordsOfAll)
        let received = block.summary(of: .received)?.range ?? 0...0
        let (combinations, codes) = RollupCodes.combined(columns, rows: block.rows, scratch)
        var rates: [UInt64] = []
        for combination in combinations {
            func code(_ column: Int) -> Int {
                min(Int(combination >> UInt64(16 * column) & 0xffff), columns[column].count - 1)
            }
            func value(_ column: Int) -> UInt64? {
                let word = keys[column][code(column)]
                return word == RollupTally.none ? nil : word
            }
            let place = code(0) * columns[0].keyWords
            let exporter = IPAddress(high: keys[0][place], low: keys[0][place + 1])
            let source = RateTable.Source(
                exporter: exporter, domain: UInt32(truncatingIfNeeded: value(1) ?? 0))
            let steady = table.steadyTime(of: source, around: received.lowerBound)
            guard steady.upperBound >= received.upperBound else { return false }
            let interface = table.dependsOnInterface(source) ? value(3) : nil
            rates.append(
                UInt64(
                    table.rates.interval(
                        exporter: exporter, domain: source.domain, sampler: value(2),
                        interface: interface.map { UInt32(truncatingIfNeeded: $0) },
                        received: received.lowerBound)))
        }
        var output = memory.mutableValues(as: UInt64.self, first: block.rows)
        if let codes {
            lookUp(
                codes.values(as: UInt16.self).extracting(0..<block.rows), in: rates.span,
                into: &output)
        } else {
            for row in output.indices { output[row] = rates[0] }
        }
        return true
    }

    /// Looks every row up.
    private func resolveEach(into memory: EncodedBytes) throws {
        var cache = RateCache()
        let exporters = try block.column(.exporter)
        let domains = try block.column(.domain)
        let samplers = try block.column(.samplerid)
        let interfaces = try block.column(.inif)
        let received = try block.column(.received)
        var output = memory.mutableValues(as: UInt64.self)
        for row in 0..<block.rows {
            output[row] = cache.interval(
                exporter: exporters?.address(at: row) ?? .v6Zero,
                domain: UInt32(truncatingIfNeeded: domains?.number(at: row) ?? 0),
                sampler: samplers?.number(at: row),
                interface: interfaces?.number(at: row).map { UInt32(truncatingIfNeeded: $0) },
                received: received?.number(at: row) ?? 0, in: table)
        }
    }
}

extension Presence {
    fileprivate func has(_ row: Int) -> Bool {
        switch self {
        case .all: true
        case .some(let bits): bits.values(as: UInt64.self)[row >> 6] >> UInt64(row & 63) & 1 != 0
        }
    }
}
