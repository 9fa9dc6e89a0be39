internal import Hosts

/// HTML or SVG in which nothing that came from a file is markup: names of elements and attributes are constants of the
/// program, and text and values are escaped where they enter. There is no other way in.
///
/// A literal is text too: `"a < b"` becomes `a &lt; b`.
struct Markup: ExpressibleByStringInterpolation, Equatable {
    /// The source, which is well-formed XML as well.
    let source: String

    /// Names and paths of a file that are shown at most, in characters.
    private static let longestName = 200
    private static let longestText = 1000

    private init(source: String) { self.source = source }

    /// Text on one line; control and formatting characters are shown as escapes.
    init(_ text: String) {
        source = MarkupText.escaped(text.printable(atMost: Self.longestText, keepsLines: false))
    }

    /// Text on one line.
    init(stringLiteral text: String) { self.init(text) }

    /// Nothing.
    static let nothing = Markup(source: "")

    /// A name or a path that a file says.
    static func name(_ text: String) -> Markup {
        Markup(text.printable(atMost: longestName, keepsLines: false))
    }

    /// Lines of text, for `pre`.
    static func lines(_ text: String, atMost limit: Int) -> Markup {
        let lines = text.printable(atMost: limit).split(separator: "\n", omittingEmptySubsequences: false)
        return Markup(source: lines.map { MarkupText.escaped(String($0)) }.joined(separator: "\n"))
    }

    /// What the program itself says in another language: a style sheet or a script without `<` and `&`.
    static func constant(_ text: String) -> Markup {
        precondition(!text.contains("<") && !text.contains("&"), "a constant with markup in it")
        return Markup(source: text)
    }

    /// Parts, one after the other.
    static func joined(_ parts: [Markup], separator: Markup = .nothing) -> Markup {
        Markup(source: parts.map(\.source).joined(separator: separator.source))
    }

    /// An element with its content.
    static func element(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], _ content: Markup...
    ) -> Markup {
        element(name, attributes, content: content)
    }

    /// An element with its content, of which there may be any number.
    static func element(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], content: [Markup]
    ) -> Markup {
        var text = opening(name, attributes) + ">"
        for part in content { text += part.source }
        return Markup(source: text + "</\(name)>")
    }

    /// An element that has no content and no end: `meta`, `link` and shapes of SVG.
    static func empty(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:]
    ) -> Markup {
        Markup(source: opening(name, attributes) + "/>")
    }

    private static func opening(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String>
    ) -> String {
        var text = "<\(name)"
        for (key, value) in attributes { text += " \(key)=\"\(MarkupText.escaped(value))\"" }
        return text
    }
}
