internal import Foundation

/// The terminal that a person reads standard error on, as far as a line that renews itself needs one.
package struct Terminal: Sendable {
    /// Columns where nothing says how many there are.
    private static let usualColumns = 80
    /// Columns that the launcher counted; nil: this process asks.
    private let given: Int?

    /// The terminal of this process; nil where there is none, or where it cannot renew a line.
    ///
    /// Under `mpirun` standard error is a pipe. The launch scripts, which see the terminal behind it, say by
    /// `BALLAST_COLUMNS` how wide it is.
    ///
    /// - Parameters:
    ///   - isTerminal: Whether standard error is one.
    ///   - environment: The variables of the process.
    package init?(isTerminal: Bool, environment: [String: String]) {
        given = environment["BALLAST_COLUMNS"].flatMap { Int($0) }.flatMap {
            (1...10_000).contains($0) ? $0 : nil
        }
        let kind = environment["TERM"] ?? ""
        // The launcher has looked at its terminal, of which ranks elsewhere do not know the kind.
        guard given != nil || isTerminal && !kind.isEmpty && kind != "dumb" else { return nil }
    }

    /// The terminal behind this process's standard error.
    static let current = Terminal(
        isTerminal: isatty(STDERR_FILENO) == 1, environment: ProcessInfo.processInfo.environment)

    /// Whether this process writes to it through a launcher, as other ranks do.
    var isBehindLauncher: Bool { given != nil }

    /// Its width now: people change it.
    package var columns: Int {
        if let given { return given }
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return Self.usualColumns
        }
        return Int(size.ws_col)
    }
}
