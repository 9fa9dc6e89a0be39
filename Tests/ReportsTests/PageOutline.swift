internal import Foundation
internal import FoundationXML
import Testing

/// What a page consists of, as a parser finds it.
final class PageOutline: NSObject, XMLParserDelegate {
    struct Element {
        let name: String
        let attributes: [String: String]
        /// The text in it and in all that is in it.
        var text = ""
        /// Names of the elements in it, in order.
        var children: [String] = []
    }

    private(set) var elements: [Element] = []
    private var open: [Int] = []

    /// - Throws: Where the page is not well-formed.
    init(_ page: String) throws {
        super.init()
        let parser = XMLParser(data: Data(page.utf8))
        parser.delegate = self
        let isParsed = parser.parse()
        try #require(isParsed, "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
    }

    /// All elements of a name.
    func all(_ name: String) -> [Element] { elements.filter { $0.name == name } }

    /// The only one of a name.
    func only(_ name: String) throws -> Element {
        let found = all(name)
        try #require(found.count == 1, "\(found.count) of \(name)")
        return found[0]
    }

    /// What all of a name say.
    func texts(_ name: String) -> [String] { all(name).map(\.text) }

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?,
        qualifiedName: String?, attributes: [String: String]
    ) {
        if let last = open.last { elements[last].children.append(elementName) }
        open.append(elements.count)
        elements.append(Element(name: elementName, attributes: attributes))
    }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName: String?
    ) { open.removeLast() }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        for place in open { elements[place].text += string }
    }
}
