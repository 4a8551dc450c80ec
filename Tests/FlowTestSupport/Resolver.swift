import Foundation
import Glibc

/// A port of the loopback that was free a moment ago.
public func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
        }
    }
    guard code == 0 else { throw RunningProgram.Failure(description: "there is no free port") }
    return UInt16(bigEndian: address.sin_port)
}

/// BIND's configuration: a resolver of this machine alone that asks nobody and blocks by a policy zone.
///
/// - Parameters:
///   - zones: names of zones and their files, relative to the folder.
///   - more: further statements.
public func resolverConfiguration(
    in folder: TemporaryFolder, port: UInt16, policy: String, zones: [(name: String, file: String)],
    more: String = ""
) -> String {
    """
    controls { };
    options {
        directory "\(folder.url.path)"; pid-file none; session-keyfile none;
        listen-on port \(port) { 127.0.0.1; }; listen-on-v6 { none; };
        query-source address 127.0.0.1; recursion yes; allow-query { any; };
        dnssec-validation no; check-names primary ignore; notify no; max-cache-size 16m;
        response-policy { zone "\(policy)"; } qname-wait-recurse no;
    };

    """ + more
        + zones.map { "zone \"\($0.name)\" { type primary; file \"\($0.file)\"; };\n" }.joined()
}
