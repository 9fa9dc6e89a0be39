internal import Foundation
internal import ModelFiles

extension PhotographListing {
    /// Reads a list: a line is `path label`, or `path label group`, separated by tabs or else by spaces, where the
    /// path may hold spaces. Relative paths begin in the folder of the list.
    ///
    /// Labels are numbers from 0, or names, which are then numbered in their order by bytes. A group is what must not
    /// be divided between training and validation, such as a patient. Without tabs the first line decides whether
    /// there are groups: by which of its columns name a file. Empty lines, and lines that begin with `# `, are left
    /// out.
    ///
    /// - Throws: `DataError` with the number of the line.
    package init(listFile path: String) throws(DataError) {
        let lines = try Self.lines(of: path)
        let root = (path as NSString).deletingLastPathComponent
        guard let first = lines.first else {
            throw DataError(.format, path: path, "is empty; expected a line \"path label\" for each image")
        }
        let columns = Self.columnCount(first.text, root: root)
        var rows: [(path: String, label: String, group: String?)] = []
        rows.reserveCapacity(lines.count)
        for line in lines {
            guard let row = Self.row(line.text, columns) else {
                throw DataError(
                    .format, path: path,
                    "line \(line.number): expected \"path label\(columns == 3 ? " group" : "")\", found "
                        + "'\(line.text.excerpt)'")
            }
            rows.append(row)
        }
        let numbers = rows.compactMap { Int($0.label) }
        if numbers.count == rows.count {
            guard let largest = numbers.max(), let smallest = numbers.min(), smallest >= 0,
                largest < Self.greatestClassCount
            else {
                let index = numbers.firstIndex { !(0..<Self.greatestClassCount).contains($0) } ?? 0
                throw DataError(
                    .label, path: path,
                    "line \(lines[index].number): label \(numbers[index]); expected 0 to "
                        + "\(Self.greatestClassCount - 1), or names")
            }
            self.init(
                root: root,
                entries: zip(rows, numbers).map { Entry(path: $0.path, label: $1, group: $0.group) },
                classNames: (0...largest).map { String($0) }, hasNamedClasses: false, notes: [])
        } else {
            let names = Set(rows.map(\.label)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            let labels = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
            self.init(
                root: root,
                entries: rows.map { Entry(path: $0.path, label: labels[$0.label] ?? 0, group: $0.group) },
                classNames: names, hasNamedClasses: true, notes: [])
        }
    }

    /// Whether a file begins as a list does: with a line of text of at least two columns.
    package static func recognizesList(_ path: String) throws(DataError) -> Bool {
        let start = try RegularFile(path).start(1 << 12)
        guard !start.contains(0) else { return false }
        // The last character may be cut off.
        let text = String(decoding: start, as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("# ") }
        guard let first = lines.first, !first.contains("\u{FFFD}") else { return false }
        return row(String(first), 2) != nil
    }

    /// Labels of a list may be no larger: a mistaken number, such as a date, would ask for so many classes.
    private static let greatestClassCount = 1_000_000
    /// A larger file is no list that fits into memory.
    private static let greatestFile: Int64 = 1 << 29

    private static func lines(of path: String) throws(DataError) -> [(number: Int, text: String)] {
        let file = try RegularFile(path)
        guard file.identity.bytes <= greatestFile else {
            throw DataError(.format, path: path, "has \(file.identity.bytes) bytes, too many for a list")
        }
        let bytes = try file.read(Int(file.identity.bytes))
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DataError(.format, path: path, "is not text in UTF-8; save the list as UTF-8")
        }
        // Paths go to the system as they are, for which a zero byte is their end.
        if let zero = bytes.firstIndex(of: 0) {
            throw DataError(
                .format, path: path,
                "holds a zero byte, the first at byte \(zero), so it is not text; save the list again")
        }
        // Some editors put a byte order mark first, which is no part of the first path.
        let lines = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
        return lines.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            .map { (number: $0 + 1, text: String($1)) }
            .filter { !$0.text.allSatisfy(\.isWhitespace) && !$0.text.hasPrefix("# ") }
    }

    /// 2, or 3 where there are groups.
    private static func columnCount(_ line: String, root: String) -> Int {
        if line.contains("\t") { return min(3, max(2, line.split(separator: "\t").count)) }
        guard let three = row(line, 3), let two = row(line, 2) else { return 2 }
        func exists(_ path: String) -> Bool {
            RegularFile.exists(Self.path(path, in: root))
        }
        return !exists(two.path) && exists(three.path) ? 3 : 2
    }

    /// The columns of a line, nil where there are fewer.
    private static func row(
        _ line: String, _ columns: Int
    ) -> (path: String, label: String, group: String?)? {
        let isSeparator: (Character) -> Bool =
            line.contains("\t") ? { $0 == "\t" } : { $0 == " " }
        var rest = line[...]
        func trim() { while let last = rest.last, isSeparator(last) || last == " " { rest.removeLast() } }
        var taken: [String] = []
        for _ in 1..<columns {
            trim()
            guard let separator = rest.lastIndex(where: isSeparator) else { return nil }
            taken.append(String(rest[rest.index(after: separator)...]).trimmingCharacters(in: .whitespaces))
            rest = rest[..<separator]
        }
        trim()
        let path = rest.drop { $0 == " " }
        guard !path.isEmpty, !taken.contains("") else { return nil }
        return columns == 3 ? (String(path), taken[1], taken[0]) : (String(path), taken[0], nil)
    }
}
