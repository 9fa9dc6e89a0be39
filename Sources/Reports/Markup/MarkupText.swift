internal import Foundation

/// Text inside XML.
enum MarkupText {
    /// Text in which nothing is markup, with U+FFFD for the characters that XML 1.0 forbids.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\t", "\n", "\r": escaped += " "
            case "\0"..<" ", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// For example `12.3 %`; two significant digits below one per cent.
    static func percent(_ part: Float) -> String {
        let percent = Double(part) * 100
        return String(format: percent >= 1 || percent == 0 ? "%.1f %%" : "%.2g %%", percent)
    }
}
