internal import ModelFiles

/// `config.yaml` of a run, which this program wrote: sections of keys, and comments before them that say where and with
/// what it ran.
struct ConfigurationText {
    /// All of it.
    let text: String
    /// What the comments say, by name: `hosts`, `ranks`, `threads`, `weights-sha256`.
    let facts: [String: String]
    /// The values of all keys: `training.seed`.
    let values: [String: String]
    /// What is equal in runs that differ by their seed alone: all of it but seed, output and comments.
    let textWithoutSeed: String

    private static let largestFile = 1 << 20

    /// Reads the file; nil where there is none.
    ///
    /// - Throws: `SmallFile.Problem`.
    init?(contentsOf path: String) throws(SmallFile.Problem) {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, limit: Self.largestFile).bytes
        } catch {
            if case .missing = error { return nil }
            throw error
        }
        self.init(String(decoding: bytes, as: UTF8.self))
    }

    init(_ text: String) {
        self.text = text
        var (facts, values): ([String: String], [String: String]) = ([:], [:])
        var (rest, section): ([Substring], String) = ([], "")
        for line in text.split(separator: "\n") {
            let pair = Self.pair(line)
            if line.hasPrefix("#") {
                if let pair { facts[String(pair.key.dropFirst(2))] = pair.value }
                continue
            }
            guard let (key, value) = pair else {
                rest.append(line)
                continue
            }
            if line.hasPrefix(" ") {
                values["\(section).\(key.trimmed)"] = value
            } else {
                section = key
                if !value.isEmpty { values[key] = value }
            }
            if line.hasPrefix("output:") || (section == "training" && key == "  seed") { continue }
            rest.append(line)
        }
        (self.facts, self.values) = (facts, values)
        textWithoutSeed = rest.joined(separator: "\n")
    }

    /// `key: value`; nil for a line that is none.
    private static func pair(_ line: Substring) -> (key: String, value: String)? {
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let after = line[line.index(after: colon)...]
        guard after.isEmpty || after.hasPrefix(" ") else { return nil }
        return (String(line[..<colon]), String(after).trimmed)
    }
}

extension String {
    /// Without spaces at both ends, and without quotation marks around the rest.
    fileprivate var trimmed: String {
        var text = Substring(self)
        while text.first == " " { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\r" { text = text.dropLast() }
        for mark in ["'", "\""] where text.count >= 2 && text.hasPrefix(mark) && text.hasSuffix(mark) {
            text = text.dropFirst().dropLast()
        }
        return String(text)
    }
}
