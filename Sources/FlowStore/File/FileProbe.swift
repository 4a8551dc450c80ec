/// A change to files that a store is about to make.
enum FileOperation: Hashable, Sendable {
    /// Makes a directory.
    case make(String)
    /// Makes a file, or empties the one of that name.
    case create(String)
    /// Appends to a file.
    case write(String, [UInt8])
    /// Writes octets over those of a file, from an offset on, and behind its end.
    case overwrite(String, UInt64, [UInt8])
    /// Cuts a file to a length.
    case truncate(String, UInt64)
    /// Waits until a file, or the names in a directory, are on the disk.
    case synchronize(String)
    /// Gives a file another name, of which another file may be.
    case rename(String, to: String)
    /// Takes a file's name away.
    case remove(String)
}

/// Sees every change before it is made, and may make it fail.
///
/// Tests have one, to forget what was not synchronized and to fill disks; a store without one pays a
/// comparison with nil for each system call.
protocol FileProbe: AnyObject, Sendable {
    func willDo(_ operation: FileOperation) throws(StoreError)
}
