internal import Foundation

/// Lines on standard error.
package enum StandardError {
    /// Writes one line in one piece, so that lines of several ranks do not mix.
    package static func print(_ line: String) {
        // If nobody reads, there is nobody to tell.
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }
}
