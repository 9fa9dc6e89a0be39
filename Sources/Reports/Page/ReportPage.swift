internal import Foundation
internal import ModelFiles

/// The whole page: one file that asks for nothing else and runs nothing but its own script.
struct ReportPage {
    private let title: String
    private let contents: ReportContents

    init(title: String, _ contents: ReportContents) { (self.title, self.contents) = (title, contents) }

    /// The page as HTML that is well-formed XML too.
    var html: String {
        let sections = contents.sections.filter { $0.content != .nothing }
        let page = Markup.element(
            "html", ["lang": "en"], head,
            .element(
                "body", [:], header(sections), .element("main", content: sections.map(\.markup)), footer,
                contents.store.markup, .element("script", [:], .constant(PageScript.text))))
        return "<!DOCTYPE html>\n" + page.source + "\n"
    }

    private var head: Markup {
        .element(
            "head", [:], .empty("meta", ["charset": "utf-8"]),
            .empty("meta", ["http-equiv": "Content-Security-Policy", "content": Self.policy]),
            .empty("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
            .element("title", [:], .name(title), " – ballast"),
            .empty("link", ["rel": "icon", "href": "data:,"]),
            .element("style", [:], .constant(PageStyle.text)))
    }

    /// Nothing is loaded, and no style or script but these two is taken.
    private static let policy =
        "default-src 'none'; img-src data:; style-src '\(source(PageStyle.text))'; script-src '\(source(PageScript.text))'; base-uri 'none'; form-action 'none'"

    private static func source(_ text: String) -> String {
        let digits = Array(SHA256.digest(of: text.utf8).description)
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
        return "sha256-\(Data(bytes).base64EncodedString())"
    }

    private func header(_ sections: [ReportSection]) -> Markup {
        let links = sections.map { section in
            Markup.element(
                "li", [:], .element("a", ["href": "#\(section.id)"], Markup(section.title)))
        }
        return .element(
            "header", [:], .element("h1", [:], .name(title)),
            .element("p", ["class": "faint"], .name(summary)),
            .element("nav", ["aria-label": "Sections"], .element("ul", content: links)))
    }

    /// What the runs are, in a line.
    private var summary: String {
        let runs = contents.runs
        guard runs.count == 1, let run = runs.first else {
            let methods = Set(runs.compactMap(\.method)).sorted()
            return "\(runs.count) runs: \(methods.prefix(10).joined(separator: ", "))"
        }
        let network = run.model?.model?.network ?? run.configuration?.values["network.name"]
        return [
            run.method, network, run.classNames.isEmpty ? nil : "\(run.classNames.count) classes",
            run.model?.ballastVersion.map { "ballast \($0)" },
        ].compactMap(\.self).joined(separator: ", ")
    }

    private var footer: Markup {
        let origin =
            contents.isEvaluation
            ? "`ballast evaluate` from what the model says of the data"
            : "`ballast report` from what the runs left in their folders"
        return .element(
            "footer", [:],
            .paragraph(
                Markup("Written by \(origin). This file needs no network and holds all its pictures.")))
    }
}
