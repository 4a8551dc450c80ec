/// The templates of one observation domain.
struct TemplateCache {
    private struct Key: Hashable {
        var id: UInt16
        /// 0 where ports are not told apart.
        var port: UInt16
    }

    private var templates: [Key: Template] = [:]
    /// The one used last: data sets of one template follow each other.
    private var latest: (key: Key, template: Template)?

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

    /// Enters a template whose layout was taken of `layouts`, in place of one of the same id.
    mutating func insert(_ template: Template, port: UInt16, _ layouts: RecordLayouts) {
        remove(template.id, port: port, layouts)
        templates[Key(id: template.id, port: port)] = template
    }

    /// Forgets the template of that id.
    mutating func remove(_ id: UInt16, port: UInt16, _ layouts: RecordLayouts) {
        latest = nil
        guard let old = templates.removeValue(forKey: Key(id: id, port: port)) else { return }
        layouts.release(old.layout)
    }

    /// Forgets all templates of data, or all of options (RFC 7011 §8.1).
    mutating func removeAll(options: Bool, port: UInt16, _ layouts: RecordLayouts) {
        for (key, template) in templates where key.port == port {
            if (template.definition.kind != .data) == options {
                remove(key.id, port: port, layouts)
            }
        }
    }

    /// Forgets all templates.
    mutating func removeAll(_ layouts: RecordLayouts) {
        latest = nil
        for template in templates.values { layouts.release(template.layout) }
        templates.removeAll()
    }
}
