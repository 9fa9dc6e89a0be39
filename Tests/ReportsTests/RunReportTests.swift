internal import Foundation
import ModelFiles
import Reports
import TestSupport
import Testing

/// The page as a whole.
@Suite struct RunReportTests {
    private let fixture: RunFixture

    init() throws { fixture = try RunFixture() }

    /// Everything that can be in a page, with names that want to be markup.
    private func wholePage() throws -> String {
        try fixture.makeRun("run")
        try fixture.writeRelationship("run", classes: RunFixture.hostileNames)
        return try fixture.page("run")
    }

    @Test func namesAreTextAndNothingElse() throws {
        let page = try wholePage()
        let outline = try PageOutline(page)
        #expect(outline.all("script").count == 1 && outline.all("img").isEmpty)
        for element in outline.elements {
            for (key, value) in element.attributes {
                #expect(!key.hasPrefix("on") && key != "style", "\(key) of \(element.name)")
                guard key == "href" || key == "src" else { continue }
                #expect(
                    value.hasPrefix("#") || value == "data:,"
                        || value.hasPrefix("data:image/jpeg;base64,"), "\(value.prefix(80))")
            }
        }
        let heads = outline.texts("th")
        #expect(heads.contains("<script>alert(1)</script>"))
        #expect(heads.contains("\\u{202E}txt\\u{1B}[2J\\u{0}"))
        #expect(heads.contains { $0.hasPrefix("long long") && $0.count < 210 })
        #expect(outline.texts("span").contains("test/<img src=x onerror=alert(1)>/0.png"))
        #expect(!page.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{1B}" || $0 == "\u{0}" })
        #expect(outline.texts("h4").contains("Where layer4< looks"))
    }

    /// Sections stand in the order of their value, and every link leads somewhere.
    @Test func linksLeadToSectionsAndPictures() throws {
        let outline = try PageOutline(try wholePage())
        let ids = outline.elements.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count)
        #expect(
            outline.all("section").compactMap { $0.attributes["id"] } == [
                "result", "errors", "pairs", "matrix", "classes", "curves", "method", "calibration",
                "features", "labels",
            ])
        let links = outline.elements.compactMap { $0.attributes["href"] }.filter { $0.hasPrefix("#") }
        #expect(Set(links.map { String($0.dropFirst()) }).isSubset(of: Set(ids)))
        #expect(outline.texts("li").first == "Result")
        // A picture is embedded once, however often it is shown.
        #expect(outline.all("image").count == 6 && outline.all("use").count > 6)
    }

    /// Pictures say what they are, and charts have their numbers beside them.
    @Test func chartsAreReadWithoutSeeingThem() throws {
        let outline = try PageOutline(try wholePage())
        for picture in outline.all("svg") where picture.attributes["aria-hidden"] == nil {
            #expect(picture.attributes["role"] == "img" && picture.children.first == "title")
            #expect(picture.attributes["viewBox"] != nil)
        }
        let figures = outline.all("figure")
        #expect(figures.count == 16)
        for figure in figures {
            #expect(
                figure.children.first == "figcaption" && figure.children.last == "details", "\(figure.text)")
        }
        #expect(outline.all("desc").count == figures.count)
        #expect(
            outline.all("div").filter { $0.attributes["class"] == "scroll" }.allSatisfy {
                $0.attributes["tabindex"] == "0" && $0.attributes["aria-label"]?.isEmpty == false
            })
    }

    /// Nothing is loaded, and the policy has the digests of the only style and script.
    @Test func thePolicyTakesItsOwnStyleAndScriptOnly() throws {
        let outline = try PageOutline(try wholePage())
        let policy = try #require(
            outline.all("meta").first { $0.attributes["http-equiv"] == "Content-Security-Policy" }?
                .attributes["content"])
        #expect(policy.hasPrefix("default-src 'none'; img-src data:;") && !policy.contains("unsafe"))
        for name in ["style", "script"] {
            let text = try outline.only(name).text
            #expect(!text.contains("http") && !text.contains("url(") && !text.contains("@import"))
            let digest = SHA256.digest(of: text.utf8).description
            let found = try #require(policy.firstMatch(of: try Regex("\(name)-src 'sha256-([^']*)'")))
            let encoded = String(try #require(found[1].substring))
            let bytes = try #require(Data(base64Encoded: encoded))
            #expect(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == digest)
        }
    }

    /// Text against what is behind it has 4.5 to 1, lines and marks have 3 to 1, on light and on dark screens.
    @Test func contrastsAreLargeEnough() throws {
        let style = try PageOutline(try wholePage()).only("style").text
        let schemes = style.matches(of: /--page:[^}]*/).map { String($0.0) }
        // Light, dark, and paper, which is light.
        try #require(schemes.count == 3)
        for scheme in schemes {
            let colors = Dictionary(
                scheme.matches(of: /--([a-z0-9-]+):(#[0-9a-f]+)/).map {
                    (String($0.1), Self.luminance(String($0.2)))
                }
            ) { first, _ in first }
            func contrast(_ one: String, _ other: String) throws -> Double {
                Self.contrast(try #require(colors[one], "\(one)"), try #require(colors[other], "\(other)"))
            }
            for text in ["text", "faint", "link"] {
                for ground in ["page", "panel"] { #expect(try contrast(text, ground) >= 4.5, "\(text)") }
            }
            #expect(try contrast("text", "warn-bg") >= 4.5 && contrast("warn", "warn-bg") >= 4.5)
            for line in ["s0", "s1", "s2", "s3", "faint"] {
                #expect(try contrast(line, "page") >= 3, "\(line)")
            }
        }
        let shades = style.matches(of: /\.h(\d)\{background:(#[0-9a-f]{6});color:(#[0-9a-f]{3})\}/)
        #expect(shades.count == 10)
        for shade in shades {
            let (ground, text) = (Self.luminance(String(shade.2)), Self.luminance(String(shade.3)))
            #expect(Self.contrast(ground, text) >= 4.5, "\(shade.0)")
        }
    }

    /// Relative luminance (WCAG 2.2).
    private static func luminance(_ color: String) -> Double {
        let digits = Array(color.dropFirst())
        let pairs =
            digits.count == 3
            ? digits.map { "\($0)\($0)" } : [0, 2, 4].map { "\(digits[$0])\(digits[$0 + 1])" }
        let parts = pairs.map { pair -> Double in
            let value = Double(UInt8(pair, radix: 16) ?? 0) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }

    private static func contrast(_ one: Double, _ other: Double) -> Double {
        (max(one, other) + 0.05) / (min(one, other) + 0.05)
    }

    /// The headline has the interval that it should have: 5 of 10 are 23.7 to 76.3 % (Wilson).
    @Test func theHeadlineHasItsInterval() throws {
        let texts = try PageOutline(try wholePage()).texts("dd")
        #expect(texts.contains("50.00 %23.7 % to 76.3 % (95 %, Wilson); 10 samples"), "\(texts)")
    }

    /// A thumbnail that is no small JPEG is not embedded.
    @Test(arguments: [
        "javascript:alert(1)", "AAAA", "/9j/", RunFixture.thumbnail + "\n", RunFixture.thumbnail + "\"/><b>",
        "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=",
        String(repeating: RunFixture.thumbnail, count: 200),
    ])
    func aThumbnailIsAJPEGOrNothing(text: String) throws {
        var record = RunFixture.record(classes: ["a", "b"], pictures: 1)
        record.pictures?[0].thumbnail = text
        try fixture.folder.write(Array(JSONEncoder().encode(record)), as: "run/report.json")
        let outline = try PageOutline(try fixture.page("run"))
        #expect(outline.all("image").isEmpty)
        #expect(outline.texts("span").contains("no picture"))
    }

    /// Lists point beyond pictures and classes, numbers are not finite, and nothing of it is taken.
    @Test func aRecordThatSaysNonsenseIsShownWithoutIt() throws {
        try fixture.write(
            """
            {"method":"bss","classes":["a","b"],"confusion":[[0,0,5],[0,7,1],[-1,0,2],[1,1,-4],[1,0,9223372036854775807]],
            "pictures":[{"sample":"x","label":-5,"prediction":9000000000,"probability":7,"label-probability":-1}],
            "worst":[0,1,-1,99],"best":[],"confused":[{"truth":4,"prediction":-3,"count":2,"pictures":[5]}],
            "calibration":[{"low":0,"high":2,"count":1,"confidence":0.5,"accuracy":0.5}],"features":[[1e300,0,0],[1,2,0]],
            "attention":[{"tap":"t","weights":[-1],"pictures":[{"picture":3,"heat":[[1]]},{"picture":0,"heat":[[1],[]]}]}],
            "suspect-labels":[8],"unknown":{}}
            """, "run/report.json")
        let outline = try PageOutline(try fixture.page("run"))
        #expect(outline.texts("b").contains("class -5 taken for class 9000000000"))
        #expect(outline.all("section").map { $0.attributes["id"] }.contains("matrix"))
        #expect(outline.texts("td").filter { $0 == "5" }.count >= 1)
    }
}
