public import Hosts

/// Why a file of weights could not be read.
///
/// `description` names the file, what was found in it, what was expected and what can be done.
public struct WeightFileError: Error, ExitCodeProviding, Equatable, Sendable, CustomStringConvertible {
    /// What the trouble is.
    public enum Kind: Sendable, Equatable {
        /// The system could not open or read the file.
        case inputOutput
        /// The file is no file of weights, or of a kind that cannot be read.
        case unsupported
        /// The file is cut off or damaged, or says of itself what cannot be.
        case damaged
        /// The file can be read, but what is asked for is not in it or is something else.
        case content
    }

    /// What the trouble is.
    public let kind: Kind
    /// The file, as it was given.
    public let path: String
    /// What was found, what was expected and what to do, without the path.
    public let detail: String

    /// The path, then the detail.
    public var description: String { "\(path.shownPath): \(detail.shownDetail)" }

    /// The exit code of a command that ends with this error: 74 input or output, 65 bad data.
    public var exitCode: Int32 { kind == .inputOutput ? ExitCode.inputOutput : ExitCode.badData }

    /// An error about a file.
    public init(_ kind: Kind, path: String, _ detail: String) {
        (self.kind, self.path, self.detail) = (kind, path, detail)
    }
}

/// A `WeightFileError` before the path is known.
struct WeightFileFailure: Error {
    let kind: WeightFileError.Kind
    let detail: String

    init(_ kind: WeightFileError.Kind, _ detail: String) { (self.kind, self.detail) = (kind, detail) }

    func at(_ path: String) -> WeightFileError { WeightFileError(kind, path: path, detail) }
}
