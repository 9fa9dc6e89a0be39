internal import CMPI
public import Hosts

/// An MPI call that failed on this rank; the other ranks may not know.
public struct MPIError: Error, ExitCodeProviding, CustomStringConvertible, Equatable {
    /// The name of the call, for example `MPI_Allreduce`.
    public let call: String

    /// MPI's error code.
    public let code: Int32

    /// MPI's own text for the code.
    public let text: String

    /// `ExitCode.communication`.
    public var exitCode: Int32 { ExitCode.communication }

    /// The call, its code and the text.
    public var description: String { "\(call) failed with code \(code): \(text)" }
}

/// The funnel through which every MPI call goes: turns its code into an error.
///
/// - Parameters:
///   - call: The name of the call, for the error.
///   - code: What the call returned.
/// - Throws: `MPIError` unless the code is `MPI_SUCCESS`.
func check(_ call: StaticString, _ code: Int32) throws(MPIError) {
    guard code == MPI_SUCCESS else {
        throw MPIError(call: "\(call)", code: code, text: errorText(code))
    }
}

/// MPI's text for an error code.
private func errorText(_ code: Int32) -> String {
    var count: Int32 = 0
    return SystemText.read(capacity: Int(MPI_MAX_ERROR_STRING)) { MPI_Error_string(code, $0, &count) }
        ?? "unknown error"
}
