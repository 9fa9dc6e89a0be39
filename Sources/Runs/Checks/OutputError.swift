internal import Hosts

/// A file that could not be written.
package struct OutputError: Error, ExitCodeProviding, CustomStringConvertible {
    package let path: String
    package var problem = "cannot be written"
    package let underlying: any Error
    /// 74: input or output.
    package var exitCode: Int32 { ExitCode.inputOutput }
    package var description: String { "\(path): \(problem): \(underlying.systemReason)" }

    /// An error about a file, and what the system said.
    package init(path: String, problem: String = "cannot be written", underlying: any Error) {
        (self.path, self.problem, self.underlying) = (path, problem, underlying)
    }
}
