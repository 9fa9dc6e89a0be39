public import Hosts

/// A failure that every rank knows: all throw it, with the same contents, so that no rank needs to abort
/// the others and all leave in good order.
///
/// - Important: Throw one only where every rank of the group does. `coordinate` and `agree` do.
public struct CollectiveFailure: Error, ExitCodeProviding, CustomStringConvertible, Equatable {
    /// What failed, where, and what to do; the same on every rank.
    public let message: String

    /// The program's exit code, carried over from the underlying error; the same on every rank.
    public let exitCode: Int32

    /// The message.
    public var description: String { message }

    /// A failure that all ranks throw.
    ///
    /// - Parameters:
    ///   - message: What failed, where, and what to do.
    ///   - exitCode: From 1 to 255; anything else counts as `ExitCode.internalError`.
    public init(message: String, exitCode: Int32) {
        self.message = message
        self.exitCode = ExitCode.failing(exitCode)
    }
}
