import SkeinConfiguration

/// Reads a document, and answers what is said of it.
func problems(
    _ text: String, environment: [String: String] = [:],
    _ assignments: [Configuration.Assignment] = []
) -> [String] {
    problems(Array(text.utf8), environment: environment, assignments)
}

/// Reads a document of any octets, and answers what is said of it.
func problems(
    _ octets: [UInt8], environment: [String: String] = [:],
    _ assignments: [Configuration.Assignment] = []
) -> [String] {
    do {
        _ = try Configuration(
            file: Configuration.File(name: "f", octets: octets), environment: environment,
            assignments: assignments)
        return []
    } catch {
        return error.lines
    }
}

/// Reads a document that is right.
func settings(
    _ text: String, environment: [String: String] = [:]
) throws -> SkeinSettings {
    try Configuration(
        file: Configuration.File(name: "f", octets: Array(text.utf8)), environment: environment
    ).settings
}
