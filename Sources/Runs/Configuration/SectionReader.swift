internal import Hosts
internal import ModelFiles

/// Reads the keys of one mapping of the configuration and notes which it was asked for.
///
/// The keys that were asked for are the keys that exist, so that no list of names has to be kept beside the
/// code: whatever the mapping holds beyond them is unknown.
package struct SectionReader {
    /// The key path of the mapping; empty for the whole configuration.
    let path: [String]
    /// The folder that relative paths are relative to.
    let directory: String
    /// The keys and values of the mapping.
    private let entries: [ConfigurationNode.Entry]
    /// Where the mapping begins.
    private let origin: ConfigurationOrigin
    /// A key that was perhaps meant to be this section, if there is none.
    private let mistakenSection: ConfigurationNode.Entry?
    /// The keys asked for so far, in this order.
    private var knownKeys: [String] = []
    /// The choice that decides which keys the mapping has: `("method", "l2-sp")`.
    private var variant: (kind: String, name: String)?

    /// A reader of a mapping, or of null, which counts as a mapping without keys.
    init(
        _ node: ConfigurationNode, path: [String] = [], directory: String,
        mistakenSection: ConfigurationNode.Entry? = nil
    ) throws {
        self.path = path
        self.directory = directory
        self.mistakenSection = mistakenSection
        origin = node.origin
        if case .mapping(let entries) = node.content {
            self.entries = entries
        } else if node.isNull {
            entries = []
        } else {
            let name = path.isEmpty ? "the configuration" : path.joined(separator: ".")
            throw ConfigurationError(
                origin: node.origin,
                problem: "\(name) is \(node.summary); expected a mapping of keys to values")
        }
    }

    // MARK: Values

    /// The value of a key that must be there.
    mutating func required<Value>(_ key: String, _ kind: ValueKind<Value>) throws -> Value {
        guard let node = node(key) else { throw missing(key, kind.expectation) }
        return try convert(node, key, kind)
    }

    /// The value of a key, or `default` if the key is absent. Null is not a value here.
    mutating func value<Value>(_ key: String, _ kind: ValueKind<Value>, default: Value) throws
        -> Value
    {
        guard let node = node(key) else { return `default` }
        return try convert(node, key, kind)
    }

    /// The value of a key that may be null, or `default` if the key is absent.
    mutating func optional<Value>(
        _ key: String, _ kind: ValueKind<Value>, default: Value? = nil
    ) throws -> Value? {
        guard let node = node(key) else { return `default` }
        return node.isNull ? nil : try convert(node, key, kind, canBeNull: true)
    }

    /// Reads a mapping inside this one and refuses the keys that `read` did not ask for.
    mutating func section<Value>(
        _ key: String, _ read: (inout SectionReader) throws -> Value
    ) throws -> Value {
        let absent = ConfigurationNode.null(at: origin)
        let node = node(key)
        var section = try SectionReader(
            node ?? absent, path: path + [key], directory: directory,
            mistakenSection: node == nil ? unknownEntry(near: key) : nil)
        let value = try read(&section)
        try section.finish()
        return value
    }

    /// The value of a key of a mapping inside this one, ahead of its turn; nil where it is absent or wrong, which
    /// is for the reader of that mapping to say.
    func preview<Value>(_ section: String, _ key: String, _ kind: ValueKind<Value>) -> Value? {
        guard case .mapping(let inner)? = entries.first(where: { $0.key == section })?.value.content else {
            return nil
        }
        return inner.first { $0.key == key }.flatMap { kind.convert($0.value) }
    }

    // MARK: Keys

    /// Says which choice decides the keys of this mapping, for the message about a key of another choice.
    mutating func keysBelong(to kind: String, named name: String) {
        variant = (kind, name)
    }

    /// Throws an error for the first key that was not asked for.
    func finish() throws {
        guard let entry = entries.first(where: { !knownKeys.contains($0.key) }) else { return }
        let suggestion = nearestName(to: entry.key, among: knownKeys).map { "; did you mean '\($0)'?" }
        let keys = knownKeys.joined(separator: ", ")
        let problem =
            if let variant {
                "key '\(keyPath(entry.key))' does not belong to \(variant.kind) '\(variant.name)'"
                    + "\(suggestion ?? ";") keys of \(variant.name): \(keys)"
            } else {
                "unknown key '\(keyPath(entry.key))'\(suggestion ?? ";") keys here: \(keys)"
            }
        throw ConfigurationError(origin: entry.origin, problem: problem)
    }

    /// An error at the place of a key, for a condition that involves several keys.
    func error(at key: String, _ problem: String) -> ConfigurationError {
        let place = entries.first { $0.key == key }?.value.origin ?? origin
        return ConfigurationError(origin: place, problem: "\(keyPath(key)) \(problem)")
    }

    // MARK: Private

    /// The value of a key, which is known from now on.
    private mutating func node(_ key: String) -> ConfigurationNode? {
        knownKeys.append(key)
        return entries.first { $0.key == key }?.value
    }

    private func convert<Value>(
        _ node: ConfigurationNode, _ key: String, _ kind: ValueKind<Value>, canBeNull: Bool = false
    ) throws -> Value {
        guard let value = kind.convert(node) else {
            let meant = Self.meantValue(node, kind, canBeNull: canBeNull).map { "; did you mean \($0)?" }
            throw ConfigurationError(
                origin: node.origin,
                problem: "\(keyPath(key)) is \(node.summary); expected \(kind.expectation)\(meant ?? "")")
        }
        return value
    }

    /// What was perhaps meant by a value of another kind: `none` by `no`, or the nearest of some names.
    private static func meantValue<Value>(
        _ node: ConfigurationNode, _ kind: ValueKind<Value>, canBeNull: Bool
    ) -> String? {
        if node.meansNothing {
            let none = ConfigurationNode(content: .scalar(text: "none", isPlain: true), origin: node.origin)
            if kind.convert(none) != nil { return "none" }
            if canBeNull { return "null" }
        }
        guard let text = node.text, !kind.names.isEmpty else { return nil }
        return nearestName(to: text.lowercased(), among: kind.names)
    }

    private func missing(_ key: String, _ expectation: String) -> ConfigurationError {
        let mistaken = unknownEntry(near: key) ?? mistakenSection
        let suggestion = mistaken.map { "; was it meant by '\($0.key.excerpt)' (\($0.origin))?" }
        return ConfigurationError(
            origin: origin,
            problem: "key '\(keyPath(key))' is missing; expected \(expectation)\(suggestion ?? "")")
    }

    /// A key of the mapping that nobody asked for yet and that looks like `key`.
    private func unknownEntry(near key: String) -> ConfigurationNode.Entry? {
        let unknown = entries.filter { !knownKeys.contains($0.key) }
        let name = nearestName(to: key, among: unknown.map(\.key))
        return unknown.first { $0.key == name }
    }

    private func keyPath(_ key: String) -> String { (path + [key]).joined(separator: ".").excerpt }
}
