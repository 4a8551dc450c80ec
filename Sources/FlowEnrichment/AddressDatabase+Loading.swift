import Glibc

extension AddressDatabase {
    /// Where countries are looked up when nothing else is said: Debian's `tor-geoipdb`.
    public static let countryFolderDefault = TorGeoIP.folder

    /// The Debian package that puts it there.
    public static let countryPackage = "tor-geoipdb"

    /// Whether there are files of `tor-geoipdb` at a path: a folder, or the file of IPv4 ranges.
    public static func hasCountries(at path: String) -> Bool {
        unsafe access(files(at: path).v4, R_OK) == 0
    }

    /// Reads databases.
    ///
    /// - Parameters:
    ///   - countries: the folder of `tor-geoipdb`, or its file of IPv4 ranges, beside which that of
    ///     IPv6 ranges may lie; nil: none.
    ///   - mmdb: files in MaxMind's format. The first goes before the second, all before `countries`.
    public convenience init(countries: String?, mmdb: [String] = []) throws(DatabaseError) {
        var sources: [AddressSource] = []
        var origins: [Origin] = []
        for path in mmdb {
            let file = try MaxMindFile(path: path)
            sources.append(try file.read())
            origins.append(Origin(path: path, name: file.type, date: file.date))
        }
        if let countries {
            let files = Self.files(at: countries)
            let tor = try TorGeoIP(v4: files.v4, v6: files.v6)
            sources.append(tor.source)
            origins.append(
                Origin(path: files.v4, name: Self.countryPackage, date: tor.date))
        }
        self.init(sources, origins: origins)
    }

    private static func files(at path: String) -> (v4: String, v6: String?) {
        var status = stat()
        let isFolder =
            unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        let v4 = isFolder ? "\(path)/\(TorGeoIP.v4Name)" : path
        let folder = v4.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let v6 = (folder + [TorGeoIP.v6Name[...]]).joined(separator: "/")
        return (v4, unsafe access(v6, R_OK) == 0 ? v6 : nil)
    }
}
