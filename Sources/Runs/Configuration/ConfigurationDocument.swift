internal import ModelFiles
internal import Yams

/// A configuration file as a tree of values, before they have types.
struct ConfigurationDocument {
    /// The values.
    var root: ConfigurationNode

    /// Whether the text came from a pipe or a device, which lies in no folder of the user's.
    private(set) var isStream = false

    /// A longer file is no configuration: names of ten thousand classes take less.
    private static let largestFile = 1 << 20

    /// Reads a file of YAML, or a pipe such as `/dev/stdin`; the name stands in messages as it is given.
    init(file: String) throws {
        let contents: (bytes: [UInt8], isStream: Bool)
        do {
            contents = try SmallFile.read(file, limit: Self.largestFile, takesStreams: true)
        } catch {
            let expected = error == .missing ? "" : "; expected a YAML file"
            throw ConfigurationError(origin: .file(file), problem: error.description + expected)
        }
        guard let text = String(validating: contents.bytes, as: UTF8.self) else {
            throw ConfigurationError(origin: .file(file), problem: "is not text in UTF-8")
        }
        try self.init(text: text, file: file)
        isStream = contents.isStream
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
        if let excess = YAMLLimits.excess(of: text) {
            throw ConfigurationError(origin: whole, problem: excess)
        }
        do {
            guard let node = try Yams.compose(yaml: text) else { return .null(at: whole) }
            var limits = YAMLLimits()
            return try ConfigurationNode(node, depth: 0, &limits, origin: origin)
        } catch let error as YamlError {
            throw configurationError(error, in: text, whole: whole, origin: origin)
        }
    }

    /// The parser's error with our place and without its drawing of the line.
    private static func configurationError(
        _ error: YamlError, in text: String, whole: ConfigurationOrigin,
        origin: (_ line: Int) -> ConfigurationOrigin
    ) -> ConfigurationError {
        switch error {
        case .scanner(_, _, let mark, _) where isIndentedByTab(text, line: mark.line):
            return ConfigurationError(
                origin: origin(mark.line),
                problem: "a tab stands before the text of this line; YAML indents by spaces alone")
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let words = [context?.text, problem].compactMap(\.self).joined(separator: ": ")
            return ConfigurationError(origin: origin(mark.line), problem: "this is not YAML: \(words)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            // The mark is that of the first occurrence of the first duplicate.
            let key = duplicates.first ?? ""
            return ConfigurationError(
                origin: origin(context.mark.line),
                problem: "duplicate key '\(key.excerpt)': it stands here and again further down")
        case .reader(let problem, _, _, _):
            return ConfigurationError(origin: whole, problem: "this is not YAML: \(problem)")
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return ConfigurationError(origin: whole, problem: "this is not YAML: \("\(error)".excerpt)")
        }
    }

    /// Whether a line, counted from 1, begins with white space that has a tab in it.
    private static func isIndentedByTab(_ text: String, line number: Int) -> Bool {
        // As bytes: "\r\n" is one character.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.indices.contains(number - 1) else { return false }
        let (space, tab) = (UInt8(ascii: " "), UInt8(ascii: "\t"))
        return lines[number - 1].prefix { $0 == space || $0 == tab }.contains(tab)
    }
}

extension ConfigurationNode {
    /// A node of the parser with the place that its line stands for.
    fileprivate init(
        _ node: Node, depth: Int, _ limits: inout YAMLLimits, origin: (_ line: Int) -> ConfigurationOrigin
    ) throws {
        self.origin = origin(node.mark?.line ?? 1)
        if let excess = limits.excess(atDepth: depth) {
            throw ConfigurationError(origin: self.origin, problem: excess)
        }
        switch node {
        case .scalar(let scalar):
            content = .scalar(text: scalar.string, isPlain: scalar.style == .plain)
        case .sequence(let sequence):
            content = .list(
                try sequence.map { try ConfigurationNode($0, depth: depth + 1, &limits, origin: origin) })
        case .mapping(let mapping):
            let entries = try mapping.map { key, value in
                let place = origin(key.mark?.line ?? 1)
                guard case .scalar(let scalar) = key else {
                    throw ConfigurationError(
                        origin: place, problem: "a key is a list or a mapping; expected a name")
                }
                return Entry(
                    key: scalar.string, origin: place,
                    value: try ConfigurationNode(value, depth: depth + 1, &limits, origin: origin))
            }
            content = .mapping(entries)
        case .alias:
            // The parser replaces aliases by what they stand for.
            throw ConfigurationError(origin: self.origin, problem: "unresolved alias")
        }
    }
}
