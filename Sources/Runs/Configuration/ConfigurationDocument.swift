internal import Foundation
internal import Yams

/// A configuration file as a tree of values, before they have types.
struct ConfigurationDocument {
    /// The values.
    var root: ConfigurationNode

    /// Reads a file of YAML; the name stands in messages as it is given.
    init(file: String) throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory) else {
            throw ConfigurationError(origin: .file(file), problem: "there is no such file")
        }
        guard !isDirectory.boolValue else {
            throw ConfigurationError(origin: .file(file), problem: "is a folder; expected a YAML file")
        }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ConfigurationError(origin: .file(file), problem: "cannot be read; check its permissions")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw ConfigurationError(origin: .file(file), problem: "is not text in UTF-8")
        }
        try self.init(text: text, file: file)
    }

    /// Reads the text of a file.
    init(text: String, file: String) throws {
        root = try Self.parse(text, whole: .file(file)) { .line(file: file, number: $0) }
    }

    /// Reads YAML; `origin` says how to name a line of it.
    static func parse(
        _ text: String, whole: ConfigurationOrigin, origin: (_ line: Int) -> ConfigurationOrigin
    ) throws -> ConfigurationNode {
        // Some editors put a byte order mark first, which the parser takes for a part of the first key.
        let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        do {
            guard let node = try Yams.compose(yaml: text) else { return .null(at: whole) }
            return try ConfigurationNode(node, origin: origin)
        } catch let error as YamlError {
            throw configurationError(error, whole: whole, origin: origin)
        }
    }

    /// The parser's error with our place and without its drawing of the line.
    private static func configurationError(
        _ error: YamlError, whole: ConfigurationOrigin, origin: (_ line: Int) -> ConfigurationOrigin
    ) -> ConfigurationError {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let words = [context?.text, problem].compactMap(\.self).joined(separator: ": ")
            return ConfigurationError(origin: origin(mark.line), problem: "this is not YAML: \(words)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            // The mark is that of the first occurrence of the first duplicate.
            let key = duplicates.first ?? ""
            return ConfigurationError(
                origin: origin(context.mark.line),
                problem: "duplicate key '\(key)': it stands here and again further down")
        case .reader(let problem, _, _, _):
            return ConfigurationError(origin: whole, problem: "this is not YAML: \(problem)")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return ConfigurationError(origin: whole, problem: "this is not YAML: \(error)")
        }
    }
}

extension ConfigurationNode {
    /// A node of the parser with the place that its line stands for.
    fileprivate init(_ node: Node, origin: (_ line: Int) -> ConfigurationOrigin) throws {
        self.origin = origin(node.mark?.line ?? 1)
        switch node {
        case .scalar(let scalar):
            content = .scalar(text: scalar.string, isPlain: scalar.style == .plain)
        case .sequence(let sequence):
            content = .list(try sequence.map { try ConfigurationNode($0, origin: origin) })
        case .mapping(let mapping):
            let entries = try mapping.map { key, value in
                let place = origin(key.mark?.line ?? 1)
                guard case .scalar(let scalar) = key else {
                    throw ConfigurationError(
                        origin: place, problem: "a key is a list or a mapping; expected a name")
                }
                return Entry(
                    key: scalar.string, origin: place, value: try ConfigurationNode(value, origin: origin))
            }
            content = .mapping(entries)
        case .alias(let alias):
            // The parser replaces aliases by what they stand for.
            throw ConfigurationError(origin: self.origin, problem: "unresolved alias \(alias.anchor)")
        }
    }
}
