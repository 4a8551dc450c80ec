/// What is added up of an alert that goes on.
protocol OngoingAlert {
    /// When something was last added, ms since 1970.
    var seen: UInt64 { get }
    /// Whether something was added since its figures were last passed on.
    var isGrown: Bool { get set }

    /// Its figures.
    func progress(_ time: UInt64) -> AlertProgress
}

extension Dictionary where Value: OngoingAlert {
    /// Passes time: figures of what goes on, and the end of what has been silent for so long.
    mutating func tick(
        _ now: UInt64, silence: UInt64, figures: Bool, news: (AlertNews) -> Void
    ) {
        var silent: [Key] = []
        for index in indices {
            let state = values[index]
            if now.since(state.seen) >= silence {
                silent.append(keys[index])
            } else if figures, state.isGrown {
                values[index].isGrown = false
                news(.grown(state.progress(now)))
            }
        }
        for key in silent {
            if let state = removeValue(forKey: key) {
                news(.resolved(state.progress(Swift.min(now, state.seen.adding(silence)))))
            }
        }
    }
}
