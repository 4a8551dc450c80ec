import FlowModel

/// Appends frames to the journal and waits for the disk, for many of them at once.
///
///     append ─▶ file, unsynchronized ─▶ every 200 ms: fsync ─▶ synchronized, `whenSynchronized`
///
/// A file that could not be synchronized is not trusted again, for the system may have dropped what it
/// could not write: the frames in question are kept until they are safe, and written to another file.
/// When segments are to be made of what there is, further frames go to another file, so that those
/// before can go while frames arrive. Of those one is kept, and written over when the next is wanted.
final class JournalWriter: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock.
    private let directory: StoreDirectory
    private let interval: UInt64?
    private let monitor = Monitor()
    private var worker: Worker?

    private var output: JournalOutput?
    /// Files to which no more is written, of which the disk may not have all.
    private var turned: [JournalOutput] = []
    /// Whether what waits is to be written to another file, because those that have it are in doubt.
    private var isInDoubt = false
    private var nextFile: UInt64
    private var files: [File]
    /// Whether there is a file to be written over.
    private var hasSpare = false
    /// Octets of a file from which on it is kept for that.
    private let spareOctets: UInt64
    private var last: UInt64
    private var synchronized: UInt64
    /// Frames that are not on the disk for certain.
    private var waiting: [(frame: JournalFrame, octets: JournalBuffer)] = []
    private var waitingOctets = 0
    /// Memory of frames that no longer wait.
    private var idle: [JournalBuffer] = []
    private var isWaited = false
    private var isBusy = false
    private var isStopping = false
    private var failure: StoreError?
    private var failures = 0
    private var whenSynchronized: (@Sendable (UInt64) -> Void)?

    /// Octets that may wait for the disk before it is asked at once.
    private static let waitingOctetsMax = 32 << 20
    /// Nanoseconds between two attempts at a disk that refuses.
    private static let pauseAfterFailure: UInt64 = 200_000_000

    /// What the journal's files take, and up to which frame each has any.
    private struct File {
        let path: String
        var octets: UInt64
        var last: UInt64
        /// Whether it may be written over when its frames are in segments: another writer's may not,
        /// nor one that the disk did not take.
        var isSound = true
    }

    /// - Parameter contents: what the journal holds, all of it synchronized.
    init(
        _ directory: StoreDirectory, after contents: JournalContents,
        policy: JournalPolicy, spareOctets: UInt64
    ) {
        self.directory = directory
        self.spareOctets = spareOctets
        // A writer's that was killed.
        try? directory.remove(directory.journalSpare)
        switch policy {
        case .every(let duration):
            let parts = duration.components
            let nanoseconds =
                max(parts.seconds, 0) * 1_000_000_000 + parts.attoseconds / 1_000_000_000
            interval = UInt64(clamping: nanoseconds)
        case .eachBatch: interval = nil
        }
        nextFile = contents.lastFile + 1
        files = contents.paths.map {
            File(path: $0, octets: 0, last: contents.lastNumber, isSound: false)
        }
        if !files.isEmpty { files[0].octets = contents.octets }
        last = contents.lastNumber
        synchronized = contents.lastNumber
    }

    /// The number of the frame appended last.
    var lastNumber: UInt64 { locked { last } }
    /// All frames up to this number are on the disk, here or in a segment.
    var synchronizedNumber: UInt64 { locked { synchronized } }
    /// Octets of the journal's files.
    var fileOctets: UInt64 { locked { files.reduce(0) { $0 + $1.octets } } }
    /// Octets of the file that is written to.
    var outputOctets: UInt64 { locked { output?.octets ?? 0 } }
    /// Why the disk did not take what came last; nil where it did.
    var trouble: StoreError? { locked { failure } }

    /// Sets what is called, by any thread, when more is on the disk.
    func notify(_ body: (@Sendable (UInt64) -> Void)?) { locked { whenSynchronized = body } }

    /// Memory for a frame that will be appended.
    func buffer() -> JournalBuffer { locked { idle.popLast() } ?? JournalBuffer() }

    /// Appends a frame, whose payload is in `octets`, and answers its number; after an error it is as
    /// if nothing had been asked.
    func append(_ frame: JournalFrame, _ octets: JournalBuffer) throws(StoreError) -> UInt64 {
        monitor.lock()
        defer { monitor.unlock() }
        guard !isStopping else { throw StoreError(path: directory.path, cause: .closed) }
        let output = try currentOutput()
        var frame = frame
        frame.number = last + 1
        try write(frame, octets, to: output)
        last = frame.number
        waiting.append((frame, octets))
        waitingOctets += octets.count
        if interval != nil {
            if worker == nil { worker = Worker { [self] in run() } }
            // No thread to be had: slower, not less safe.
            if worker == nil { synchronizeOnce() }
            monitor.signal()
        }
        return frame.number
    }

    /// Waits until frames up to `number` are on the disk; throws where the disk refuses.
    func wait(for number: UInt64) throws(StoreError) {
        monitor.lock()
        defer { monitor.unlock() }
        let failuresBefore = failures
        while synchronized < min(number, last) {
            if worker == nil || isStopping {
                synchronizeOnce()
            } else {
                isWaited = true
                monitor.signal()
                monitor.wait()
            }
            if failures > failuresBefore, let failure { throw failure }
        }
    }

    /// Lets further frames go to another file; answers the number of the last before them.
    func turn() -> UInt64 {
        monitor.lock()
        defer { monitor.unlock() }
        if let output, output.last > 0 {
            turned.append(output)
            self.output = nil
        }
        return last
    }

    /// Says that segments have all frames up to `number`: files that have no others go.
    func sealed(upTo number: UInt64) {
        monitor.lock()
        while isBusy { monitor.wait() }
        let isNews = synchronized < number
        synchronized = max(synchronized, number)
        forgetSynchronized()
        if let output, output.last <= number { self.output = nil }
        turned.removeAll { $0.last <= number }
        if waiting.isEmpty {
            isInDoubt = false
            failure = nil
        }
        var gone = files.filter { $0.last <= number }
        files.removeAll { $0.last <= number }
        let spare =
            hasSpare || isStopping
            ? nil : gone.firstIndex { $0.isSound && $0.octets >= spareOctets }
        if let spare, (try? directory.move(gone[spare].path, to: directory.journalSpare)) != nil {
            gone.remove(at: spare)
            hasSpare = true
        }
        let notify = whenSynchronized
        monitor.signal()
        monitor.unlock()
        // What cannot be deleted now is known to be sealed, and deleted by the next writer.
        for file in gone { try? directory.remove(file.path) }
        if isNews { notify?(number) }
    }

    /// Ends the thread after a last attempt to synchronize.
    func stop() {
        monitor.lock()
        let worker = isStopping ? nil : worker
        isStopping = true
        monitor.signal()
        monitor.unlock()
        worker?.join()
        monitor.lock()
        synchronizeOnce()
        output = nil
        turned = []
        if hasSpare { try? directory.remove(directory.journalSpare) }
        hasSpare = false
        monitor.unlock()
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        monitor.lock()
        defer { monitor.unlock() }
        return body()
    }

    /// The file to write to; a new one where there is none, or where the last failed.
    private func currentOutput() throws(StoreError) -> JournalOutput {
        if let output { return output }
        let output = try nextOutput()
        nextFile += 1
        files.append(File(path: output.path, octets: output.octets, last: 0))
        do {
            if isInDoubt {
                for (frame, octets) in waiting { try write(frame, octets, to: output) }
            }
        } catch {
            // Nothing in it is the only place of a frame.
            files.removeLast()
            try? directory.remove(output.path)
            throw error
        }
        isInDoubt = false
        self.output = output
        return output
    }

    /// Another file: the spare one where there is one, for what lies in memory already is written faster.
    private func nextOutput() throws(StoreError) -> JournalOutput {
        if hasSpare {
            hasSpare = false
            if let output = try? JournalOutput(
                spareOf: directory, number: nextFile, first: synchronized + 1)
            {
                return output
            }
            // Somebody reads it yet, or the disk has no more of it.
            try? directory.remove(directory.journalSpare)
        }
        return try JournalOutput(directory, number: nextFile, first: synchronized + 1)
    }

    /// Writes a frame to the file that was made last.
    private func write(
        _ frame: JournalFrame, _ octets: JournalBuffer, to output: JournalOutput
    ) throws(StoreError) {
        var frame = frame
        frame.synchronized = min(synchronized, frame.number - 1)
        octets.setHead(frame.encoded(salt: output.salt))
        do {
            try output.append(octets, number: frame.number)
        } catch {
            // What a full disk took of it is cut off; where that fails too, the file is given up.
            if (try? output.cut()) == nil, self.output === output {
                self.output = nil
                isInDoubt = true
            }
            throw error
        }
        files[files.count - 1].octets = output.octets
        files[files.count - 1].last = frame.number
    }

    /// Lets go of the frames that are on the disk.
    private func forgetSynchronized() {
        // What was appended last is the last to be synchronized.
        let count = waiting.firstIndex { $0.frame.number > synchronized } ?? waiting.count
        for (_, octets) in waiting[..<count] {
            waitingOctets -= octets.count
            if octets.capacity * (idle.count + 1) <= Self.waitingOctetsMax { idle.append(octets) }
        }
        waiting.removeFirst(count)
    }

    /// The thread's work.
    private func run() {
        monitor.lock()
        while !isStopping {
            if waiting.isEmpty {
                monitor.wait()
                continue
            }
            let pause = interval ?? 0
            let deadline =
                Monitor.now + (failure == nil ? pause : max(pause, Self.pauseAfterFailure))
            while !isStopping, !isWaited, waitingOctets < Self.waitingOctetsMax,
                Monitor.now < deadline
            {
                monitor.wait(until: deadline)
            }
            isWaited = false
            synchronizeOnce()
        }
        monitor.unlock()
    }

    /// Waits for the disk; called with the lock held, which it lets go meanwhile.
    private func synchronizeOnce() {
        while isBusy { monitor.wait() }
        guard !waiting.isEmpty else { return }
        isBusy = true
        let target = last
        let turnedBefore = turned
        let result = Result { () throws(StoreError) -> [JournalOutput] in
            if isInDoubt { _ = try currentOutput() }
            return turnedBefore + (output.map { [$0] } ?? [])
        }
        monitor.unlock()
        let outcome = result.flatMap { outputs in
            Result { () throws(StoreError) in
                for output in outputs { try output.synchronize() }
            }
        }
        monitor.lock()
        isBusy = false
        switch outcome {
        case .success:
            synchronized = max(synchronized, target)
            forgetSynchronized()
            turned.removeAll { output in turnedBefore.contains { $0 === output } }
            failure = nil
        case .failure(let error):
            failure = error
            failures += 1
            output = nil
            turned = []
            for index in files.indices { files[index].isSound = false }
            isInDoubt = true
        }
        let notify = whenSynchronized
        monitor.signal()
        if case .success = outcome, let notify {
            monitor.unlock()
            notify(target)
            monitor.lock()
        }
    }
}
