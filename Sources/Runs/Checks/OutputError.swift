internal import Hosts

/// A file that could not be written.
struct OutputError: Error, ExitCodeProviding, CustomStringConvertible {
    let path: String
    var problem = "cannot be written"
    let underlying: any Error
    /// 74: input or output.
    var exitCode: Int32 { ExitCode.inputOutput }
    var description: String {
        "\(path): \(problem): \(underlying.systemReason)"
            + SystemAdvice.sentence(underlying.systemErrorNumber)
    }

    /// An error about a file, and what the system said.
    init(path: String, problem: String = "cannot be written", underlying: any Error) {
        (self.path, self.problem, self.underlying) = (path, problem, underlying)
    }
}
