import FlowModel

/// What a process that holds a store and one that adds to it, or wants work done on it, say to each other.
///
///     kind:1 octets:4 payload…
///
///     importer                              holder
///       hello  "SKEINADD" version:4   ─▶
///                                     ◀─    admitted  first:8 count:8      numbers for its segments
///       …writes segments/ and rollups/ of those numbers, which nobody sees…
///       publish  a manifest           ─▶    what is in it and not in the store is added at once
///                                     ◀─    done
///       exporters  templates          ─▶    for whoever decodes what arrives
///                                     ◀─    done
///
///     caretaker
///       task  "SKEINADD" version:4 …  ─▶    does it, see ``StoreTask``, while it goes on receiving
///                                     ◀─    answer
///
/// Instead of an answer there may be `refused`, with the reason as text. When the connection ends,
/// however it ends, the holder deletes what was not published, and gives up what it was asked to do.
enum AdmissionMessage: Equatable {
    case hello(version: UInt32)
    case admitted(numbers: Range<UInt64>)
    case publish([UInt8])
    case done
    case refused(String)
    case exporters([UInt8])
    case task(StoreTask, version: UInt32)
    case answer(StoreTask.Answer)

    static let version: UInt32 = 2
    static let headOctets = 5
    /// A manifest of a hundred thousand segments has a fifth of this.
    static let payloadOctetsMax = 64 << 20
    private static let magic = Array("SKEINADD".utf8)
    private static let reasonOctetsMax = 4096

    private var kind: UInt8 {
        switch self {
        case .hello: 1
        case .admitted: 2
        case .publish: 3
        case .done: 4
        case .refused: 5
        case .exporters: 6
        case .task: 7
        case .answer: 8
        }
    }

    var encoded: [UInt8] {
        var payload: [UInt8] = []
        switch self {
        case .hello(let version):
            payload = Self.magic
            payload.put(version)
        case .admitted(let numbers):
            payload.put(numbers.lowerBound)
            payload.put(UInt64(numbers.count))
        case .publish(let manifest): payload = manifest
        case .done: break
        case .refused(let reason): payload = Array(reason.utf8.prefix(Self.reasonOctetsMax))
        case .exporters(let state): payload = state
        case .task(let task, let version):
            payload = Self.magic
            payload.put(version)
            payload += task.encoded
        case .answer(let answer): payload = answer.encoded
        }
        var octets = [kind]
        octets.put(UInt32(clamping: payload.count))
        return octets + payload
    }

    /// The first message of what has come; nil where it is not whole.
    ///
    /// - Parameter octetsMax: a payload that is longer is not taken.
    static func first(
        of octets: [UInt8], octetsMax: Int = payloadOctetsMax
    ) throws(Damage) -> (message: AdmissionMessage, octets: Int)? {
        guard octets.count >= headOctets else { return nil }
        var reader = ByteReader(octets)
        let kind = try reader.next(UInt8.self)
        let length = Int(try reader.next(UInt32.self))
        guard length <= octetsMax else { throw .value(part: "message") }
        guard reader.remaining >= length else { return nil }
        var payload = try reader.part(length)
        let message: AdmissionMessage
        switch kind {
        case 1:
            guard try payload.take(magic.count) == magic else { throw .magic }
            message = .hello(version: try payload.next(UInt32.self))
        case 2:
            let first = try payload.next(UInt64.self)
            let (end, isTooMuch) = first.addingReportingOverflow(try payload.next(UInt64.self))
            guard !isTooMuch else { throw .value(part: "message") }
            message = .admitted(numbers: first..<end)
        case 3: message = .publish(try payload.take(payload.remaining))
        case 4: message = .done
        case 5:
            message = .refused(
                String(decoding: try payload.take(payload.remaining), as: UTF8.self))
        case 6: message = .exporters(try payload.take(payload.remaining))
        case 7:
            guard try payload.take(magic.count) == magic else { throw .magic }
            let version = try payload.next(UInt32.self)
            // Another version may have other tasks.
            message = .task(
                version == Self.version ? try StoreTask(&payload) : .compact, version: version)
        case 8: message = .answer(try StoreTask.Answer(&payload))
        default: throw .value(part: "message")
        }
        return (message, headOctets + length)
    }
}
