internal import Hosts

/// A use of the program that cannot work, though each option by itself is right.
package struct UsageError: Error, ExitCodeProviding, CustomStringConvertible {
    /// What was found, what was expected and what to do.
    package let description: String
    /// 64: wrong use.
    package var exitCode: Int32 { ExitCode.wrongUse }

    package init(_ description: String) { self.description = description.shownDetail }
}
