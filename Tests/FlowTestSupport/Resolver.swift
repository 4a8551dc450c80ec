import Foundation
import Glibc

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
