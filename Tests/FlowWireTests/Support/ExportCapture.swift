import FlowModel
import FlowWire
import Foundation

/// The folder `shared/captures` beside the checkout; nil where it is absent, and tests that need it
/// are skipped.
let sharedCaptures: URL? = {
    var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    while folder.path != "/" {
        let candidate = folder.appendingPathComponent("shared/captures")
        if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
        folder.deleteLastPathComponent()
    }
    return nil
}()

/// One UDP payload of a capture.
struct CapturedDatagram {
    /// 1 for the first frame.
    var frame: Int
    var received: UInt64
    var endpoint: ExporterEndpoint
    var payload: [UInt8]
}

/// A minimal reader of captures for these tests: pcap and pcapng, Ethernet with VLAN tags and Linux
/// cooked frames, IPv4 and IPv6 without fragments, UDP.
struct ExportCapture {
    var datagrams: [CapturedDatagram] = []

    init(contentsOf url: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: url))
        if bytes.starts(with: [0x0a, 0x0d, 0x0d, 0x0a]) {
            readNextGeneration(bytes)
        } else {
            readClassic(bytes)
        }
    }

    private mutating func readClassic(_ bytes: [UInt8]) {
        guard bytes.count >= 24 else { return }
        let isLittle = bytes[0] == 0xd4 || bytes[0] == 0x4d
        let isNanosecond = bytes[0] == 0x4d || bytes[3] == 0x4d
        let linkType = Int(number(bytes, 20, 4, isLittle))
        var offset = 24
        var frame = 0
        while offset + 16 <= bytes.count {
            frame += 1
            let seconds = UInt64(number(bytes, offset, 4, isLittle))
            let fraction = UInt64(number(bytes, offset + 4, 4, isLittle))
            let length = Int(number(bytes, offset + 8, 4, isLittle))
            guard offset + 16 + length <= bytes.count else { return }
            let received = seconds * 1000 + fraction / (isNanosecond ? 1_000_000 : 1000)
            read(Array(bytes[offset + 16..<offset + 16 + length]), linkType, frame, received)
            offset += 16 + length
        }
    }

    private mutating func readNextGeneration(_ bytes: [UInt8]) {
        var offset = 0
        var frame = 0
        var linkType = 1
        while offset + 12 <= bytes.count {
            let type = number(bytes, offset, 4, true)
            let length = Int(number(bytes, offset + 4, 4, true))
            guard length >= 12, offset + length <= bytes.count else { return }
            if type == 1 { linkType = Int(number(bytes, offset + 8, 2, true)) }
            if type == 6 {
                frame += 1
                let stamp =
                    UInt64(number(bytes, offset + 12, 4, true)) << 32
                    | UInt64(number(bytes, offset + 16, 4, true))
                let captured = Int(number(bytes, offset + 20, 4, true))
                read(
                    Array(bytes[offset + 28..<offset + 28 + captured]), linkType, frame,
                    stamp / 1000)
            }
            offset += length
        }
    }

    private mutating func read(
        _ frame: [UInt8], _ linkType: Int, _ number: Int, _ received: UInt64
    ) {
        var offset = linkType == 113 ? 16 : 14
        var etherType = big(frame, offset - 2)
        while etherType == 0x8100 || etherType == 0x88a8 {
            etherType = big(frame, offset + 2)
            offset += 4
        }
        let address: IPAddress
        switch etherType {
        case 0x0800:
            guard frame.count >= offset + 20, frame[offset + 9] == 17 else { return }
            address = IPAddress(
                v4: UInt32(big(frame, offset + 12)) << 16 | UInt32(big(frame, offset + 14)))
            offset += Int(frame[offset] & 15) * 4
        case 0x86dd:
            guard frame.count >= offset + 40, frame[offset + 6] == 17 else { return }
            let half = { (from: Int) in
                (0..<4).reduce(UInt64(0)) { $0 << 16 | UInt64(big(frame, from + 2 * $1)) }
            }
            address = IPAddress(high: half(offset + 8), low: half(offset + 16))
            offset += 40
        default: return
        }
        guard frame.count >= offset + 8 else { return }
        let end = min(frame.count, offset + max(8, big(frame, offset + 4)))
        datagrams.append(
            CapturedDatagram(
                frame: number, received: received,
                endpoint: ExporterEndpoint(address: address, port: UInt16(big(frame, offset))),
                payload: Array(frame[offset + 8..<end])))
    }
}

private func big(_ bytes: [UInt8], _ offset: Int) -> Int {
    offset + 2 <= bytes.count ? Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) : 0
}

private func number(_ bytes: [UInt8], _ offset: Int, _ length: Int, _ isLittle: Bool) -> UInt32 {
    (0..<length).reduce(UInt32(0)) {
        $0 | UInt32(bytes[offset + $1]) << UInt32(8 * (isLittle ? $1 : length - 1 - $1))
    }
}
