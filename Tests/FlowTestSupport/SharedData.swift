public import Foundation

/// The data that stand beside the checkout in `shared/`: real captures with confirmed answers.
///
/// They are not part of the project (licences differ); tests that read them are skipped without them.
public enum SharedData {
    /// The `shared` folder, nil where it is not beside the checkout.
    public static let root: URL? = {
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while folder.path != "/" {
            let shared = folder.appendingPathComponent("shared")
            let captures = shared.appendingPathComponent("captures").path
            if FileManager.default.fileExists(atPath: captures) { return shared }
            folder.deleteLastPathComponent()
        }
        return nil
    }()

    /// Whether the data are there.
    public static var isPresent: Bool { root != nil }

    /// A file of the shared folder, nil without the folder.
    public static func file(_ path: String) -> URL? { root?.appendingPathComponent(path) }

    /// The files of `folder` whose names end in one of `suffixes`, sorted by name.
    public static func files(in folder: String, suffixes: [String]) -> [URL] {
        guard let root else { return [] }
        let found = try? FileManager.default.contentsOfDirectory(
            at: root.appendingPathComponent(folder), includingPropertiesForKeys: nil)
        return (found ?? []).filter { url in suffixes.contains { url.path.hasSuffix($0) } }
            .sorted { $0.path < $1.path }
    }
}
