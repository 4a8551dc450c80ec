import FlowModel

/// How a piece of a chunk becomes a zstd frame.
enum FrameMode: Hashable {
    /// With references to what came before.
    case matches
    /// By the frequency of octets alone.
    ///
    /// In numbers that do not follow from each other, repetitions are chance: without looking for them
    /// a frame is smaller, and made and read in half the time.
    case literals
    /// As it is: what compresses by less than a sixth costs more time to read than its room is worth.
    case stored
}

/// Which way was best for each piece of a column when all were tried.
///
/// That changes slowly from block to block, so it is tried now and then and serves the blocks between.
struct FrameChoices {
    /// One of the frames that a column's chunks are made of.
    struct Piece: Hashable {
        var field: Field
        var role: Chunk.Role
        var arrangement: Chunk.Arrangement
        /// Which of the chunk's frames.
        var number: Int
    }

    private struct Choice {
        var mode: FrameMode
        var framesLeft: Int
    }

    /// Octets below which frames are not worth a trial.
    static let octetsMin = 1024
    /// Frames between two trials.
    private static let trialFrames = 31
    private var choices: [Piece: Choice] = [:]

    /// What was best last; nil where it is to be tried anew.
    mutating func next(_ piece: Piece) -> FrameMode? {
        guard var choice = choices[piece], choice.framesLeft > 0 else { return nil }
        choice.framesLeft -= 1
        choices[piece] = choice
        return choice.mode
    }

    /// Notes what a trial found.
    mutating func note(_ mode: FrameMode, for piece: Piece) {
        choices[piece] = Choice(mode: mode, framesLeft: Self.trialFrames)
    }
}
