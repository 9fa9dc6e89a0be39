import Hosts

/// A use of the program that cannot work, though each option by itself is right.
struct UsageError: Error, ExitCodeProviding, CustomStringConvertible {
    /// What was found, what was expected and what to do.
    let description: String
    /// 64: wrong use.
    var exitCode: Int32 { ExitCode.wrongUse }

    init(_ description: String) { self.description = description }
}
