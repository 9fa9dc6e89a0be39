/// An error that says with which code the program should exit because of it.
public protocol ExitCodeProviding {
    /// The program's exit code, from 1 to 255; see `ExitCode`.
    var exitCode: Int32 { get }
}

/// The exit codes of the program.
public enum ExitCode {
    /// Wrong use or configuration.
    public static let wrongUse: Int32 = 64
    /// Bad data or weights.
    public static let badData: Int32 = 65
    /// An error that declares nothing else.
    public static let internalError: Int32 = 70
    /// A file could not be read or written.
    public static let inputOutput: Int32 = 74
    /// Stopped by a signal after a checkpoint: run again to continue.
    public static let stopped: Int32 = 75
    /// A rank or the network stalled or failed.
    public static let communication: Int32 = 76

    /// The exit code that an error declares, or `internalError` if it declares none that tells of failure.
    ///
    /// - Parameter error: Any error.
    public static func of(_ error: any Error) -> Int32 {
        guard let code = (error as? any ExitCodeProviding)?.exitCode else { return internalError }
        return failing(code)
    }

    /// The code itself if a process can exit with it and it tells of failure, else `internalError`.
    package static func failing(_ code: Int32) -> Int32 { (1...255).contains(code) ? code : internalError }
}
