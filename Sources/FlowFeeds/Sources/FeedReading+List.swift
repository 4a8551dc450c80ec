import FlowIntel
import Synchronization

extension FeedReading {
    /// Reads a file, or a folder of files, if they are others than those that were read.
    mutating func readPath(_ path: String) throws {
        // Taken before: what changes while it is read will be noticed.
        let signature = PathSignature(path).text
        if !isFresh, !insists, cursors[Cursor.signature] == signature {
            return try noteUnchanged()
        }
        let feeds: [FeedContents]
        do throws(FeedFileError) {
            feeds = try readFeed(at: path, format: source.format, limits: limits)
        } catch {
            throw FetchError.file(error)
        }
        try take(feeds, cursors: [Cursor.signature: signature])
    }

    /// Reads a list that one request brings, if it has changed.
    mutating func readList(_ place: FeedLocation) throws {
        let request = request(place, isConditional: true, bytesMax: limits.listBytesMax)
        let decoding = Mutex<FeedDecoder?>(FeedDecoder(format: source.format, limits: limits))
        let answer = try fetcher.fetch(request) { piece in
            try decoding.withLock { try $0?.consume(piece) }
        }
        if answer.isUnchanged { return try noteUnchanged() }
        // Taken out, or what it has gathered would be copied.
        let decoder = decoding.withLock { decoder in
            defer { decoder = nil }
            return decoder
        }
        guard let decoder else { return }
        let contents = try understanding(place) { () throws(FeedError) in
            let contents = try decoder.finish()
            guard contents.manifest.isEmpty else {
                throw .notAFeed("it is a MISP feed's manifest; say ‘api: misp’")
            }
            return contents
        }
        try take([contents], cursors: validators(answer))
    }

    /// Reads what ThreatFox has learnt in the last `days`.
    mutating func readThreatFox(_ place: FeedLocation, days: Int) throws {
        var request = request(place, keyHeader: "Auth-Key", accept: "application/json")
        request.headers.append(("content-type", "application/json"))
        request.body = Array("{\"query\":\"get_iocs\",\"days\":\(days)}".utf8)
        let (_, octets) = try fetcher.document(request)
        let limits = limits
        let contents = try understanding(place) { () throws(FeedError) in
            try readFeed(octets, format: .threatfox, limits: limits)
        }
        try take([contents])
    }

    /// Names the place of an answer that is no list.
    func understanding<Value>(
        _ place: FeedLocation, _ body: () throws(FeedError) -> Value
    ) throws(FetchError) -> Value {
        do throws(FeedError) {
            return try body()
        } catch {
            throw .answer(place: "\(place)", cause: error)
        }
    }
}
