internal import Foundation
internal import Synchronization

/// Lines on standard error, and below them, on a terminal, one line that renews itself.
package enum StandardError {
    /// Longer lines, of which no message of the program comes near, are shortened.
    private static let longestLine = 20_000
    /// To the beginning of the line, and clear it.
    private static let clearing = "\r\u{1B}[K"
    /// Whether the cursor stands in a line that renews itself.
    private static let isLineOpen = Mutex(false)

    /// Writes one line in one piece, so that lines of several ranks do not mix. What came from a file into the line is
    /// made printable. It takes the place of a line that renews itself, which comes again below it.
    package static func print(_ line: String) {
        let text = line.printable(atMost: longestLine) + "\n"
        // A thread whose output nobody takes must not keep another from saying why the job ends.
        let wasFree: Void? = isLineOpen.withLockIfAvailable {
            write(($0 || isBehindLauncher ? clearing : "") + text)
            $0 = false
        }
        if wasFree == nil { write(text) }
    }

    /// Writes the line that renews itself in place of what it was.
    ///
    /// - Parameter text: Shorter than the terminal is wide, else older parts of it stay.
    package static func renewLine(_ text: String) {
        isLineOpen.withLock {
            write(clearing + text.printable(atMost: longestLine, keepsLines: false))
            $0 = true
        }
    }

    /// Takes the line that renews itself away.
    package static func clearLine() {
        isLineOpen.withLock {
            if $0 { write(clearing) }
            $0 = false
        }
    }

    /// On a terminal that several ranks write to, another than this one may have a line open.
    private static let isBehindLauncher = Terminal.current?.isBehindLauncher ?? false

    // If nobody reads, there is nobody to tell.
    private static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
