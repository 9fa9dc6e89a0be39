internal import Foundation
internal import ModelFiles

/// Which tar shards a path names.
enum ShardNames {
    /// What all of them end in.
    static let suffix = ".tar"

    /// Shards of a set, at most; more are taken for a mistake in a range.
    private static let mostShards = 100_000
    /// A larger file is no list of shards.
    private static let largestList: Int64 = 1 << 24

    /// The shards that a path names, in their order; nil where it names none.
    ///
    /// A shard is a file in `.tar`; several are a path with ranges of numbers in braces, `data/train-{000000..000009}.tar`,
    /// a folder that holds some and no folders, in the order of their names by bytes, or a list of such paths, one a line,
    /// relative to its folder.
    ///
    /// - Throws: `DataError` where a range is none, a folder or list cannot be read, or a list mixes shards with
    ///   something else.
    static func named(_ path: String) throws(DataError) -> [String]? {
        if RegularFile.isDirectory(path) {
            let names = try FolderContents.names(in: path).names
            let shards = names.filter { $0.hasSuffix(suffix) }
            guard !shards.isEmpty, !names.contains(where: { RegularFile.isDirectory(path + "/" + $0) }) else {
                return nil
            }
            return shards.map { path + "/" + $0 }
        }
        if path.hasSuffix(suffix) { return try expanded(path) }
        return try listed(path)
    }

    /// The paths that a path with ranges of numbers in braces stands for; a path that is there stands for itself.
    static func expanded(_ path: String) throws(DataError) -> [String] {
        guard !RegularFile.exists(path) else { return [path] }
        var paths = [""]
        var rest = path[...]
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}"),
                let numbers = range(rest[rest.index(after: open)..<close])
            else {
                throw DataError(
                    .setting, path: path,
                    "expected a range of numbers in braces, as in train-{000000..000009}.tar")
            }
            let (count, overflows) = paths.count.multipliedReportingOverflow(by: numbers.count)
            guard !overflows, count <= mostShards else {
                throw DataError(.setting, path: path, "stands for more than \(mostShards) shards")
            }
            let before = rest[..<open]
            paths = paths.flatMap { path in numbers.lazy.map { path + before + $0 } }
            rest = rest[rest.index(after: close)...]
        }
        return paths.map { $0 + rest }
    }

    /// The numbers of `000..009`, each with as many digits as the first.
    private static func range(_ text: Substring) -> [String]? {
        let ends = text.split(separator: "..", omittingEmptySubsequences: false)
        guard ends.count == 2,
            ends.allSatisfy({ (1...9).contains($0.utf8.count) && $0.utf8.allSatisfy(isDigit) }),
            let first = Int(ends[0]), let last = Int(ends[1]), first <= last, last - first < mostShards
        else { return nil }
        let digits = ends[0].utf8.count
        return (first...last).map { number in
            let text = String(number)
            return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// The shards of a list; nil where the first line of the file names none.
    private static func listed(_ path: String) throws(DataError) -> [String]? {
        let file = try RegularFile(path)
        let isShard = { (line: Substring) in line.hasSuffix(suffix) }
        guard let first = lines(try file.start(1 << 12)).first, isShard(first) else { return nil }
        guard file.identity.bytes <= largestList else {
            throw DataError(
                .format, path: path, "has \(file.identity.bytes) bytes, too many for a list of shards")
        }
        let bytes = try file.start(Int(file.identity.bytes))
        guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
            throw DataError(.format, path: path, "is not text in UTF-8; save the list as UTF-8")
        }
        let root = (path as NSString).deletingLastPathComponent
        var shards: [String] = []
        for line in lines(bytes) {
            guard isShard(line) else {
                throw DataError(
                    .format, path: path,
                    "expected a path in \(suffix) on each line, found '\(String(line).excerpt)'")
            }
            shards += try expanded(PhotographListing.path(String(line), in: root))
            guard shards.count <= mostShards else {
                throw DataError(.format, path: path, "stands for more than \(mostShards) shards")
            }
        }
        return shards
    }

    /// The lines of a text that are not empty and no comments.
    private static func lines(_ bytes: [UInt8]) -> [Substring] {
        guard !bytes.contains(0) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map { line in
                var line = line.drop(while: \.isWhitespace)
                while line.last?.isWhitespace == true { line.removeLast() }
                return line
            }
            .filter { !$0.isEmpty && !$0.hasPrefix("# ") }
    }
}
