import Hosts
import Testing

@Suite struct PrintableTextTests {
    @Test func controlCharactersAreEscaped() {
        #expect("a\u{1B}[2J\u{7}b".printable(atMost: 100) == "a\\u{1B}[2J\\u{7}b")
        #expect("x\u{202E}y\u{2028}".printable(atMost: 100) == "x\\u{202E}y\\u{2028}")
        #expect("two\nlines\t".printable(atMost: 100) == "two\nlines\t")
        #expect("two\nlines".shownPath == "two\\u{A}lines")
        #expect("grün 日本 🙂".shownPath == "grün 日本 🙂")
    }

    @Test func longTextsLoseTheirMiddle() {
        let text = String(repeating: "a", count: 1_000_000) + "end"
        #expect(text.printable(atMost: 10) == "aaaaa … aaend")
        #expect("0123456789".printable(atMost: 10) == "0123456789")
        #expect(text.shownPath.utf8.count < 400 && text.shownDetail.utf8.count < 1100)
    }

    @Test func bytesThatAreNoTextAreShown() {
        #expect(UTF8Names.shown(Array("caf".utf8) + [0xE9]) == "caf\\xE9")
        #expect(UTF8Names.shown([0xFF, 0x0A] + Array("é".utf8)) == "\\xFF\né")
        #expect(UTF8Names.shown([UInt8]()) == "")
    }
}
