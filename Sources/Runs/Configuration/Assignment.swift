internal import Foundation
internal import ModelFiles

/// A `--set key.path=value` option: one value that replaces what the file says, or adds to it.
struct Assignment {
    /// The keys from the outermost section to the value.
    let path: [String]
    /// The value, read as YAML; nothing after the equals sign is null.
    let value: ConfigurationNode
    /// The option, for messages.
    let origin: ConfigurationOrigin

    private static let (mostKeys, mostBytes) = (8, 1 << 16)

    /// Reads an option such as `training.epochs=3` or `data.classes=[0, 2]`.
    init(_ text: String) throws {
        let origin = ConfigurationOrigin.assignment(text)
        guard text.utf8.count <= Self.mostBytes else {
            throw ConfigurationError(origin: origin, problem: "has more than \(Self.mostBytes) bytes")
        }
        guard let equals = text.firstIndex(of: "=") else {
            throw ConfigurationError(origin: origin, problem: "has no '='; expected key.path=value")
        }
        let keys = text[..<equals].split(separator: ".", omittingEmptySubsequences: false)
        path = keys.map { $0.trimmingCharacters(in: .whitespaces) }
        guard !path.contains("") else {
            throw ConfigurationError(
                origin: origin, problem: "has an empty key before the '='; expected key.path=value")
        }
        guard path.count <= Self.mostKeys else {
            throw ConfigurationError(
                origin: origin,
                problem: "names a key \(path.count) levels deep; expected at most \(Self.mostKeys)")
        }
        self.origin = origin
        value = try ConfigurationDocument.parse(
            String(text[text.index(after: equals)...]), whole: origin, origin: { _ in origin })
    }

    /// Puts the value into a configuration, with the sections on the way to it if there are none.
    func apply(to document: inout ConfigurationDocument) throws {
        document.root = try replaced(in: document.root, at: 0)
    }

    /// The node with the value put in below it; `depth` keys of the path led to the node.
    private func replaced(in node: ConfigurationNode, at depth: Int) throws -> ConfigurationNode {
        guard depth < path.count else { return value }
        var entries: [ConfigurationNode.Entry]
        if case .mapping(let present) = node.content {
            entries = present
        } else if node.isNull {
            entries = []
        } else {
            let name = path[..<depth].joined(separator: ".").excerpt
            throw ConfigurationError(
                origin: origin,
                problem: depth == 0
                    ? "the file holds \(node.summary) and no keys"
                    : "\(name) is \(node.summary) and has no keys")
        }
        if let index = entries.firstIndex(where: { $0.key == path[depth] }) {
            // An entry that the option replaces as a whole is named after it; sections on the way keep their line.
            let isLast = depth == path.count - 1
            entries[index] = .init(
                key: path[depth], origin: isLast ? origin : entries[index].origin,
                value: try replaced(in: entries[index].value, at: depth + 1))
        } else {
            let below = try replaced(in: .null(at: origin), at: depth + 1)
            entries.append(.init(key: path[depth], origin: origin, value: below))
        }
        return ConfigurationNode(content: .mapping(entries), origin: node.origin)
    }
}
