extension String {
    /// The text as a terminal may be given it: control and formatting characters, with which a file could move the
    /// cursor or turn what stands behind them around, are escaped, as `\u{1B}`.
    ///
    /// - Parameters:
    ///   - limit: Characters that are shown at most; of longer texts the beginning and the end.
    ///   - keepsLines: Whether line feeds and tabs stay.
    package func printable(atMost limit: Int, keepsLines: Bool = true) -> String {
        let scalars = unicodeScalars
        // Counting all of a long text would take long.
        guard
            scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex)
                ?? scalars.endIndex
                != scalars.endIndex
        else { return Self.escaped(scalars, keepsLines) }
        let rest = limit / 2
        return Self.escaped(scalars.prefix(limit - rest), keepsLines) + " … "
            + Self.escaped(scalars.suffix(rest), keepsLines)
    }

    private static func escaped(_ scalars: some Sequence<Unicode.Scalar>, _ keepsLines: Bool) -> String {
        var text = ""
        for scalar in scalars {
            switch scalar.properties.generalCategory {
            case .control where keepsLines && (scalar == "\n" || scalar == "\t"):
                text.unicodeScalars.append(scalar)
            case .control, .format, .lineSeparator, .paragraphSeparator:
                text += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// A path or a name from a file as a message may show it: on one line, and not longer than the beginning and the
    /// end of a deep path.
    package var shownPath: String { printable(atMost: 300, keepsLines: false) }

    /// What a message says beside the path, which may repeat what a file holds.
    package var shownDetail: String { printable(atMost: 1000) }
}
