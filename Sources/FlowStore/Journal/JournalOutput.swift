/// A file of a journal that is written to: a new one, or the spare one, written over.
///
/// To write over a file costs a fraction of what a new one does, for which the system finds memory and room
/// on the disk. Its new salt makes the frames that were in it none; an end follows the last of the new ones,
/// so that nobody has to look for more.
final class JournalOutput {
    let path: String
    let salt: UInt64
    /// Where the next frame begins.
    private(set) var octets = JournalHeader.framesOffset
    /// The last frame that was written to it; 0 where none was.
    private(set) var last: UInt64 = 0
    private let file: Descriptor
    private let isReused: Bool

    /// Makes a file.
    ///
    /// - Parameters:
    ///   - number: the file's.
    ///   - first: frames with smaller numbers are on the disk, in other files or in segments.
    init(_ directory: StoreDirectory, number: UInt64, first: UInt64) throws(StoreError) {
        path = directory.journalFile(number)
        salt = UInt64.random(in: .min ... .max)
        isReused = false
        file = try Descriptor(path, .appending, probe: directory.probe)
        do {
            let header = JournalHeader(first: first, salt: salt).encoded()
            try unsafe file.write(header.span.bytes)
            // Frames are not on the disk before the file has its name there.
            try directory.synchronize(directory.journal)
        } catch {
            try? directory.remove(path)
            throw error
        }
    }

    /// Takes the spare file; an error where somebody reads what was in it.
    init(spareOf directory: StoreDirectory, number: UInt64, first: UInt64) throws(StoreError) {
        path = directory.journalFile(number)
        salt = UInt64.random(in: .min ... .max)
        isReused = true
        try directory.move(directory.journalSpare, to: path)
        do throws(StoreError) {
            file = try Descriptor(path, .overwriting, probe: directory.probe)
            guard try file.lock() else {
                throw StoreError(
                    path: path, cause: .system(operation: "lock", code: SystemCode.isBusy))
            }
            // Whoever opens it from now on waits for the new header, and reads new frames only.
            defer { file.unlock() }
            let header =
                JournalHeader(first: first, salt: salt, isReused: true).encoded()
                + JournalFrame.end(at: octets, salt: salt)
            try unsafe file.write(header.span.bytes, at: 0)
            try directory.synchronize(directory.journal)
        } catch {
            try? directory.remove(path)
            throw error
        }
    }

    /// Writes a frame behind the last; after an error any part of it may be there.
    func append(_ frame: JournalBuffer, number: UInt64) throws(StoreError) {
        let next = octets + UInt64(frame.count)
        if isReused {
            let end = frame.setEnd(JournalFrame.end(at: next, salt: salt))
            let storage = frame.storage
            try file.write(storage.bytes.extracting(0..<end), at: octets)
        } else {
            let storage = frame.storage
            try file.write(storage.bytes.extracting(0..<frame.count))
        }
        octets = next
        last = number
    }

    /// Takes away what is there of a frame that could not be written.
    func cut() throws(StoreError) { try file.truncate(to: octets) }

    /// Waits until all frames are on the disk.
    func synchronize() throws(StoreError) { try file.synchronize() }
}
