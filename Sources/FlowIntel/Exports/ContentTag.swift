/// A name for octets that other octets do not have: SHA-1, 40 digits.
///
/// It tells versions of a file apart, and protects nothing.
public func contentTag(of octets: [UInt8]) -> String {
    var text = ""
    for octet in SHA1.digest(octets) {
        text += (octet < 16 ? "0" : "") + String(octet, radix: 16)
    }
    return text
}
