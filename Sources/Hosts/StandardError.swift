internal import Foundation

/// Lines on standard error.
package enum StandardError {
    /// Longer lines, of which no message of the program comes near, are shortened.
    private static let longestLine = 20_000

    /// Writes one line in one piece, so that lines of several ranks do not mix. What came from a file into the line is
    /// made printable.
    package static func print(_ line: String) {
        // If nobody reads, there is nobody to tell.
        try? FileHandle.standardError.write(
            contentsOf: Data((line.printable(atMost: longestLine) + "\n").utf8))
    }
}
