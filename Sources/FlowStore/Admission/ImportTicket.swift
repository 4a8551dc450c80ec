import FlowModel
import Glibc

/// The right to add segments to a store that another process holds, and that takes them in.
///
/// See ``AdmissionMessage``. Not shared between threads.
final class ImportTicket {
    let directory: StoreDirectory
    /// The numbers that the holder has set aside.
    let numbers: SegmentNumbers
    /// The sampling rates, for whoever writes rollups.
    let book: RateBook
    /// The store as it was when the holder let us in.
    let manifest: Manifest
    private let socket: LocalSocket
    private let holder: LocalSocket.Peer

    private init(
        _ directory: StoreDirectory, _ socket: consuming LocalSocket, _ holder: LocalSocket.Peer,
        numbers: Range<UInt64>, manifest: Manifest
    ) {
        self.directory = directory
        self.socket = socket
        self.holder = holder
        self.manifest = manifest
        self.numbers = SegmentNumbers(next: numbers.lowerBound)
        book = RateBook(manifest.rates)
    }

    /// Asks who holds a store to be let in; nil where nobody listens.
    static func ask(_ directory: StoreDirectory) throws(StoreError) -> ImportTicket? {
        guard let socket = try LocalSocket.connected(to: directory.gate) else { return nil }
        guard let holder = socket.peer else { return nil }
        // Where that does not arrive there is an answer already, or none.
        _ = socket.send(.hello(version: AdmissionMessage.version))
        guard case .admitted(let numbers) = try socket.answer(directory) else {
            throw directory.isGone
        }
        // After the answer: with what the holder took in before.
        guard let found = try directory.readManifest() else {
            throw StoreError(path: directory.path, cause: .manifestMissing)
        }
        return ImportTicket(
            directory, socket, holder, numbers: numbers, manifest: found.manifest)
    }

    /// Has the holder make segments, and what else a manifest has, part of the store.
    ///
    /// - Throws: where it refuses; and where it goes away, when nobody knows whether it did. Files are
    ///   left to the holder either way.
    func publish(_ addition: Manifest) throws(StoreError) {
        try giveFilesAway(addition)
        try directory.synchronize(directory.segments)
        try directory.synchronize(directory.rollups)
        _ = socket.send(.publish(addition.encoded()))
        guard case .done = try socket.answer(directory) else { throw directory.isGone }
    }

    /// Hands over what an import learned of exporters.
    func hand(exporters state: [UInt8]) throws(StoreError) {
        _ = socket.send(.exporters(state))
        guard case .done = try socket.answer(directory) else { throw directory.isGone }
    }

    /// Lets go; what was not published the holder deletes.
    func close() { socket.hangUp() }

    /// The superuser's files are to be the holder's.
    private func giveFilesAway(_ addition: Manifest) throws(StoreError) {
        guard geteuid() == 0, holder.user != 0 else { return }
        let files =
            addition.segments.map { directory.segment($0.number) }
            + addition.rollups.map { directory.rollup($0) }
        for file in files where unsafe chown(file, holder.user, holder.group) != 0 {
            throw Descriptor.failure("give to user \(holder.user)", file)
        }
    }
}

extension LocalSocket {
    /// Waits for an answer; one that refuses is thrown.
    func answer(_ directory: StoreDirectory) throws(StoreError) -> AdmissionMessage {
        var octets: [UInt8] = []
        while true {
            let found: (message: AdmissionMessage, octets: Int)?
            do {
                found = try AdmissionMessage.first(of: octets, octetsMax: 1 << 16)
            } catch {
                throw StoreError(path: directory.gate, cause: .damaged(error))
            }
            if let message = found?.message {
                guard case .refused(let reason) = message else { return message }
                throw StoreError(path: directory.path, cause: .notAdmitted(reason: reason))
            }
            guard let more = receive(waits: true), !more.isEmpty else {
                throw directory.isGone
            }
            octets += more
        }
    }
}

extension StoreDirectory {
    /// Who held the store has ended or hung up.
    fileprivate var isGone: StoreError {
        StoreError(
            path: path,
            cause: .notAdmitted(
                reason: "it has ended meanwhile; import again, what is there already is noticed"))
    }
}
