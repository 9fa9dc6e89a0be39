internal import Synchronization

/// What this process shows a person on standard error while it works: lines, and how far it is.
///
/// A program turns it on; a process that uses the library and does not is told nothing of long preparations. On a
/// terminal progress is one line that renews itself, which other lines replace; elsewhere it is a plain line now and
/// then. There are no colors. `TERM=dumb` means plain lines.
public enum ProgressDisplay {
    /// Which part this process has in the job.
    private enum Role { case library, speaker, other }

    private struct State {
        var role = Role.library
        var isQuiet = false
    }

    private static let state = Mutex(State())
    /// What lines begin with that a person should read whatever happens.
    private static let noticeStart = "notice: "

    /// Turns it on. To be called once, by a program.
    ///
    /// - Parameters:
    ///   - isQuiet: Whether only notices are shown, and nothing of progress.
    ///   - speaks: Whether this process is the one that shows how far long work is: rank 0.
    public static func begin(isQuiet: Bool, speaks: Bool) {
        state.withLock { $0 = State(role: speaks ? .speaker : .other, isQuiet: isQuiet) }
    }

    /// Clears the line that renews itself, so that what follows begins on an empty one. To be called at the end.
    public static func end() { StandardError.clearLine() }

    /// Writes a line of its own; what came from a file into it is made printable. Where the program is quiet, only
    /// those that begin with `notice: `.
    public static func say(_ line: String) {
        guard !state.withLock({ $0.isQuiet }) || line.hasPrefix(noticeStart) else { return }
        StandardError.print(line)
    }

    /// The line as something that a person should read whatever happens.
    package static func notice(_ line: String) -> String {
        line.hasPrefix(noticeStart) ? line : noticeStart + line
    }

    /// What a line says as a notice, without what marks it as one; nil where it is none.
    package static func noticeText(_ line: String) -> String? {
        line.hasPrefix(noticeStart) ? String(line.dropFirst(noticeStart.count)) : nil
    }

    /// Where a run shows its steps, on the rank that has a `ProgressLine`.
    package static var ofSteps: ProgressSurface {
        let state = state.withLock { $0 }
        if state.isQuiet { return .none }
        return state.role == .other ? log : surface
    }

    /// Where preparations show how far they are.
    package static var ofWork: ProgressSurface {
        let state = state.withLock { $0 }
        return state.role == .speaker && !state.isQuiet ? surface : .none
    }

    private static var log: ProgressSurface { .log { StandardError.print($0) } }

    private static var surface: ProgressSurface {
        guard let terminal = Terminal.current else { return log }
        return .terminal { StandardError.renewLine($0.line(columns: terminal.columns)) }
    }
}
