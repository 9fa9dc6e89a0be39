internal import Foundation

/// The lines of a file that may be of any size, one after the other.
struct TextLines {
    /// How reading ended.
    struct End {
        /// Lines that were longer than the limit, and were left out.
        var longCount = 0
        /// Whether the last line has no end: somebody was writing it.
        var isTorn = false
    }

    /// A line of a log has some hundred bytes, one with the distances of all layers some ten thousand.
    private static let longestLine = 1 << 20

    /// Gives each line of a regular file without its end.
    ///
    /// - Throws: What the system says where it cannot be read.
    static func read(_ path: String, _ body: (Data) -> Void) throws -> End {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var (end, rest, isTooLong) = (End(), Data(), false)
        while let piece = try file.read(upToCount: 1 << 18), !piece.isEmpty {
            var start = piece.startIndex
            while let stop = piece[start...].firstIndex(of: UInt8(ascii: "\n")) {
                rest.append(piece[start..<stop])
                if isTooLong || rest.count > longestLine { end.longCount += 1 } else { body(rest) }
                (rest, isTooLong, start) = (Data(), false, stop + 1)
            }
            rest.append(piece[start...])
            if rest.count > longestLine { (rest, isTooLong) = (Data(), true) }
        }
        end.isTorn = isTooLong || !rest.isEmpty
        if !rest.isEmpty { body(rest) }
        return end
    }
}
