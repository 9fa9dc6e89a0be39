internal import Hosts

/// A mistake in the configuration, its file or a `--set` option.
///
/// The message says where (file and line, or the option), what was found, and what was expected.
package struct ConfigurationError: Error, ExitCodeProviding, Equatable, CustomStringConvertible {
    /// Where the mistake is.
    let origin: ConfigurationOrigin
    /// What is wrong, without the place.
    package let problem: String

    /// The exit code of wrong use or configuration, `EX_USAGE` of `sysexits.h`.
    package var exitCode: Int32 { ExitCode.wrongUse }

    /// The place and the problem on one line.
    package var description: String { "\(origin): \(problem.shownDetail)" }
}
