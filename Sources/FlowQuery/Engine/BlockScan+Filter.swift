import FlowModel
import FlowStore

/// What is known of a test in the current block.
struct LeafState {
    /// What the summaries say.
    var triage: Triage
    /// The part of the rows that pass, roughly.
    var share: Double
    /// What a row costs, in bytes touched, roughly.
    var cost: Double
    /// The test on codes, once a chunk needed it.
    var test: BlockTest?

    init(_ estimate: (triage: Triage, share: Double, cost: Double)) {
        (triage, share, cost) = estimate
    }
}

/// The filter without what the summaries decided, cheap and selective parts first.
indirect enum BlockNode {
    case leaf(Int)
    case and([BlockNode])
    case or([BlockNode])
    case not(BlockNode)
}

extension BlockScan {
    enum Simplified {
        case decided(Triage)
        case open(BlockNode)
    }

    private struct Ranked {
        var node: BlockNode
        var share: Double
        var cost: Double
    }

    /// Drops what is decided.
    func simplify(_ node: FilterPlan.Node) -> Simplified {
        switch rank(node) {
        case .left(let triage): .decided(triage)
        case .right(let ranked): .open(ranked.node)
        }
    }

    private enum Outcome {
        case left(Triage)
        case right(Ranked)
    }

    private func rank(_ node: FilterPlan.Node) -> Outcome {
        switch node {
        case .constant(let value): return .left(value ? .all : .none)
        case .leaf(let index):
            let state = states[index]
            guard state.triage == .some else { return .left(state.triage) }
            return .right(Ranked(node: .leaf(index), share: state.share, cost: state.cost))
        case .not(let operand):
            switch rank(operand) {
            case .left(let triage): return .left(triage.inverted)
            case .right(let ranked):
                return .right(
                    Ranked(node: .not(ranked.node), share: 1 - ranked.share, cost: ranked.cost))
            }
        case .and(let operands): return join(operands, decisive: .none)
        case .or(let operands): return join(operands, decisive: .all)
        }
    }

    /// `decisive` is what one operand alone decides: none for `and`, all for `or`.
    private func join(_ operands: [FilterPlan.Node], decisive: Triage) -> Outcome {
        var open: [Ranked] = []
        for operand in operands {
            switch rank(operand) {
            case .left(let triage): if triage == decisive { return .left(decisive) }
            case .right(let ranked): open.append(ranked)
            }
        }
        guard let first = open.first else { return .left(decisive.inverted) }
        if open.count == 1 { return .right(first) }
        let isAnd = decisive == .none
        // The chance to be done with a chunk, for the price.
        func price(_ ranked: Ranked) -> Double {
            ranked.cost / max(isAnd ? 1 - ranked.share : ranked.share, 0.001)
        }
        open.sort { price($0) < price($1) }
        let shares = open.map(\.share)
        let share =
            isAnd ? shares.reduce(1, *) : 1 - shares.reduce(1) { $0 * (1 - $1) }
        let nodes = open.map(\.node)
        return .right(
            Ranked(
                node: isAnd ? .and(nodes) : .or(nodes), share: share,
                cost: open.reduce(0) { $0 + $1.cost }))
    }

    // MARK: Evaluation

    /// Answers for a chunk; where it is `some`, the mask at `depth` says which rows.
    func evaluate(_ node: BlockNode, _ chunk: Range<Int>, depth: Int) throws -> Triage {
        switch node {
        case .leaf(let index): return try evaluate(leaf: index, chunk, depth: depth)
        case .not(let operand):
            let triage = try evaluate(operand, chunk, depth: depth)
            if triage == .some {
                let stack = masks
                var masks = stack.mutable
                invertMask(&masks, at: depth * chunkRows, count: chunk.count)
            }
            return triage.inverted
        case .and(let operands):
            return try evaluate(operands, chunk, depth: depth, decisive: .none)
        case .or(let operands):
            return try evaluate(operands, chunk, depth: depth, decisive: .all)
        }
    }

    private func evaluate(
        _ operands: [BlockNode], _ chunk: Range<Int>, depth: Int, decisive: Triage
    ) throws -> Triage {
        let neutral = decisive.inverted
        let stack = masks
        var state = neutral
        for (place, operand) in operands.enumerated() {
            let target = state == neutral ? depth : depth + 1
            let triage = try evaluate(operand, chunk, depth: target)
            if triage == decisive { return decisive }
            if triage == neutral { continue }
            if state == .some {
                var masks = stack.mutable
                if decisive == .none {
                    intersectMask(
                        &masks, at: depth * chunkRows, with: target * chunkRows,
                        count: chunk.count)
                } else {
                    uniteMask(
                        &masks, at: depth * chunkRows, with: target * chunkRows,
                        count: chunk.count)
                }
            }
            state = .some
            if place < operands.count - 1,
                judgeMask(stack.span, at: depth * chunkRows, count: chunk.count) == decisive
            {
                return decisive
            }
        }
        return state
    }

    private func evaluate(leaf index: Int, _ chunk: Range<Int>, depth: Int) throws -> Triage {
        let test: BlockTest
        if let known = states[index].test {
            test = known
        } else {
            test = try bind(leaf: index)
            states[index].test = test
        }
        let offset = depth * chunkRows
        let stack = masks
        var masks = stack.mutable
        switch test {
        case .decided(let triage): return triage
        case .ranges(let codes, let ranges, let present):
            for (place, range) in ranges.enumerated() {
                codes.markRange(chunk, range, adding: place > 0, in: &masks, at: offset)
            }
            intersect(present, chunk, &masks, at: offset)
        case .table(let codes, let table, let present):
            codes.markTable(chunk, table.span, in: &masks, at: offset)
            intersect(present, chunk, &masks, at: offset)
        case .bits(let codes, let mask, let value, let present):
            codes.markBits(chunk, mask: mask, value: value, in: &masks, at: offset)
            intersect(present, chunk, &masks, at: offset)
        case .present(let present):
            fillMask(&masks, at: offset, count: chunk.count, with: 0xff)
            intersect(present, chunk, &masks, at: offset)
        case .rows(let marks):
            for row in 0..<chunk.count { masks[offset + row] = marks[chunk.lowerBound + row] }
        case .computed(let quantity, let condition, let present):
            try evaluate(quantity, condition, chunk, &masks, at: offset)
            intersect(present, chunk, &masks, at: offset)
        }
        return .some
    }

    private func intersect(
        _ present: [EncodedBytes], _ chunk: Range<Int>, _ masks: inout MutableSpan<UInt8>,
        at offset: Int
    ) {
        for bits in present {
            intersectPresence(
                bits.values(as: UInt64.self), first: chunk.lowerBound, count: chunk.count,
                in: &masks, at: offset)
        }
    }

    private func evaluate(
        _ quantity: Quantity, _ condition: Condition, _ chunk: Range<Int>,
        _ masks: inout MutableSpan<UInt8>, at offset: Int
    ) throws {
        try numbers(quantity, .contiguous(chunk), into: filterValues)
        let (first, second) = (filterValues, filterOthers)
        let values = first.span.extracting(0..<chunk.count)
        switch condition {
        case .inRanges(let ranges):
            if ranges.count > 4 {
                markSearched(values, ranges, in: &masks, at: offset)
            } else {
                for (place, range) in ranges.enumerated() {
                    markRange(
                        values, lower: range.lowerBound,
                        extent: range.upperBound - range.lowerBound, adding: place > 0,
                        in: &masks, at: offset)
                }
            }
        case .masked(let mask, let value):
            markBits(values, mask: mask, value: value, in: &masks, at: offset)
        case .equals(let other):
            try numbers(.field(other), .contiguous(chunk), into: second)
            markEqual(
                values, second.span.extracting(0..<chunk.count), in: &masks, at: offset)
        case .inAddresses, .isPresent, .element:
            preconditionFailure("only conditions on numbers are computed")
        }
    }
}
