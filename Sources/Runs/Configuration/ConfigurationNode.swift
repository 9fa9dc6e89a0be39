internal import Hosts

/// Where a value of the configuration was written.
enum ConfigurationOrigin: Equatable, Sendable, CustomStringConvertible {
    /// Somewhere in a file, or nowhere: a key that the file does not have.
    case file(String)
    /// A line of a file, counted from 1.
    case line(file: String, number: Int)
    /// A `--set` option, as it was given.
    case assignment(String)

    /// The beginning of an error message: `run.yaml:12` or `--set training.epochs=3`.
    var description: String {
        switch self {
        case .file(let file): file.shownPath
        case .line(let file, let number): "\(file.shownPath):\(number)"
        case .assignment(let text): "--set \(text.shownPath)"
        }
    }
}

/// A value of the configuration before it has a type, with the place where it was written.
///
/// The YAML library's own nodes know a line but not a file, so a value of a `--set` option could not be told
/// from one of the file.
struct ConfigurationNode: Equatable {
    /// A key of a mapping and its value.
    struct Entry: Equatable {
        /// The key, kebab-case.
        let key: String
        /// Where the key stands, which is what a message about an unknown key has to show.
        let origin: ConfigurationOrigin
        /// The value of the key.
        var value: ConfigurationNode
    }

    /// The three shapes of a value.
    enum Content: Equatable {
        /// A single value. Only a plain one, not in quotes, can be null, a number or a boolean.
        case scalar(text: String, isPlain: Bool)
        /// Values in order.
        case list([ConfigurationNode])
        /// Keys, each once, in the order of the file.
        case mapping([Entry])
    }

    /// The value.
    var content: Content
    /// Where the value begins.
    let origin: ConfigurationOrigin

    /// The null value.
    static func null(at origin: ConfigurationOrigin) -> ConfigurationNode {
        ConfigurationNode(content: .scalar(text: "null", isPlain: true), origin: origin)
    }

    /// The value as a message shows it, on one line and never longer than about 60 characters.
    var summary: String {
        let text =
            switch content {
            case .scalar(let text, let isPlain): isPlain && isNull ? "null" : "'\(text)'"
            case .list(let values): "the list [\(values.prefix(30).map(\.inline).joined(separator: ", "))]"
            case .mapping(let entries):
                "a mapping with the keys \(entries.prefix(30).map(\.key).joined(separator: ", "))"
            }
        let scalars = text.unicodeScalars
        let shown = scalars.count > 60 ? String(scalars.prefix(56)) + " ..." : text
        return shown.printable(atMost: 60, keepsLines: false)
    }

    /// The value as an entry of a list in a message.
    private var inline: String {
        switch content {
        case .scalar(let text, _): text
        case .list: "[...]"
        case .mapping: "{...}"
        }
    }
}
