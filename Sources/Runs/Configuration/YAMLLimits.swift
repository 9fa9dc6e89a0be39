/// How much YAML a configuration may be, whatever its text asks for.
///
/// Aliases are what makes a few hundred bytes of YAML grow beyond all memory: each may stand for a list of others. The
/// parser replaces them by what they stand for and looks at all of it where it is a key, so texts with many of them are
/// refused before it sees them. It also descends into lists and mappings by recursion.
struct YAMLLimits {
    /// Lists and mappings within one another; a configuration has four.
    private static let greatestDepth = 16
    /// Values, each where it stands: an alias counts as all that it stands for.
    private static let mostValues = 200_000
    /// Asterisks and brackets, where they may be aliases and the beginnings of lists and mappings.
    private static let (mostAliases, mostBrackets) = (16, 1000)

    private var valueCount = 0

    /// Counts a value, and says what is too much; nil where nothing is.
    mutating func excess(atDepth depth: Int) -> String? {
        valueCount += 1
        if valueCount > Self.mostValues { return "there are more than \(Self.mostValues) values" }
        return depth > Self.greatestDepth
            ? "there are more than \(Self.greatestDepth) levels of nesting" : nil
    }

    /// What a text has too much of, for a message; nil where the parser can be given it.
    ///
    /// No YAML is understood here: what stands in quotation marks counts too. Lines of comments do not.
    static func excess(of text: String) -> String? {
        var (aliases, brackets) = (0, 0)
        var previous = UInt8(ascii: "\n")
        var (isLineStart, isComment) = (true, false)
        for byte in text.utf8 {
            let isSpace = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                (isLineStart, isComment) = (true, false)
            } else if isLineStart, !isSpace {
                (isLineStart, isComment) = (false, byte == UInt8(ascii: "#"))
            }
            if !isComment {
                if previous == UInt8(ascii: "*"), !isSpace, byte > UInt8(ascii: " ") { aliases += 1 }
                if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { brackets += 1 }
            }
            previous = byte
        }
        if aliases > mostAliases {
            return "there are more than \(mostAliases) aliases (*name); write the values out"
        }
        return brackets > mostBrackets
            ? "there are more than \(mostBrackets) lists and mappings in brackets" : nil
    }
}
