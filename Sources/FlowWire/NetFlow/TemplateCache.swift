/// The templates of one observation domain, within bounds.
struct TemplateCache {
    private struct Key: Hashable {
        var id: UInt16
        /// 0 where ports are not told apart.
        var port: UInt16
    }

    private var templates: [Key: Template] = [:]
    /// The one used last: data sets of one template follow each other.
    private var latest: (key: Key, template: Template)?
    /// Fields of all templates here, with what a template costs besides.
    private(set) var fieldCount = 0

    /// What a template is charged for, in fields.
    static func cost(_ definition: Template.Definition) -> Int { definition.fields.count + 16 }

    /// All templates with the ports that they hold for, by id and port.
    var all: [(port: UInt16, template: Template)] {
        templates.sorted { ($0.key.id, $0.key.port) < ($1.key.id, $1.key.port) }
            .map { ($0.key.port, $0.value) }
    }

    /// How many there are.
    var count: Int { templates.count }

    /// The template of that id.
    mutating func template(_ id: UInt16, port: UInt16) -> Template? {
        let key = Key(id: id, port: port)
        if let latest, latest.key == key { return latest.template }
        guard let template = templates[key] else { return nil }
        latest = (key, template)
        return template
    }

    /// Enters a template in place of one of the same id.
    mutating func insert(_ template: Template, port: UInt16) {
        remove(template.id, port: port)
        templates[Key(id: template.id, port: port)] = template
        fieldCount += Self.cost(template.definition)
    }

    /// Forgets the template of that id.
    mutating func remove(_ id: UInt16, port: UInt16) {
        latest = nil
        guard let old = templates.removeValue(forKey: Key(id: id, port: port)) else { return }
        fieldCount -= Self.cost(old.definition)
    }

    /// Forgets all templates of data, or all of options (RFC 7011 §8.1).
    mutating func removeAll(options: Bool, port: UInt16) {
        for (key, template) in templates where key.port == port {
            if (template.definition.kind != .data) == options { remove(key.id, port: port) }
        }
    }
}
