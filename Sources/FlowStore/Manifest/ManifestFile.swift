import FlowModel

/// The manifest as it was found, in one of its two places.
struct FoundManifest {
    var manifest: Manifest
    /// Why ``StoreDirectory/manifest`` could not be read and its copy is used; nil where it could.
    var trouble: StoreError?
}

extension StoreDirectory {
    /// The manifest, or where it is damaged or gone its copy; nil where there is neither.
    func readManifest() throws(StoreError) -> FoundManifest? {
        let trouble: StoreError
        do throws(StoreError) {
            if let manifest = try readManifest(at: manifest) {
                return FoundManifest(manifest: manifest)
            }
            guard try Self.exists(manifestCopy) else { return nil }
            trouble = StoreError(
                path: manifest, cause: .system(operation: "open", code: SystemCode.noFile))
        } catch {
            guard error.isDamage else { throw error }
            trouble = error
        }
        do throws(StoreError) {
            if let copy = try readManifest(at: manifestCopy) {
                return FoundManifest(manifest: copy, trouble: trouble)
            }
        } catch {
            guard error.isDamage else { throw error }
        }
        throw StoreError(path: path, cause: .manifestMissing)
    }

    /// One of the two; nil where there is no such file.
    func readManifest(at path: String) throws(StoreError) -> Manifest? {
        guard try Self.exists(path) else { return nil }
        let file = try Descriptor(path, .reading)
        let octets = try file.read(Int(clamping: try file.length()), at: 0)
        do {
            return try Manifest(octets)
        } catch {
            switch error {
            case .damage(let damage):
                throw StoreError(path: path, cause: .damaged(damage))
            case .version(let version):
                throw StoreError(
                    path: path, cause: .newerVersion(found: version, known: Manifest.version))
            }
        }
    }

    /// Writes the copy, unless it is this manifest already.
    ///
    /// A copy that cannot be written is no failure: the manifest stands, and the next change tries
    /// again.
    func copyManifest(_ octets: [UInt8]) {
        if let file = try? Descriptor(manifestCopy, .reading), let length = try? file.length(),
            length == octets.count, (try? file.read(octets.count, at: 0)) == octets
        {
            return
        }
        try? unsafe replace(manifestCopy, with: octets.span.bytes)
    }
}

extension StoreError {
    /// Whether the file is there and holds something else than was written.
    var isDamage: Bool {
        if case .damaged = cause { return true }
        return false
    }

    /// Whether the file is not there.
    var isMissingFile: Bool {
        if case .system(_, SystemCode.noFile) = cause { return true }
        return false
    }
}
