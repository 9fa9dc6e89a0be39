public import Hosts

/// Why a safetensors file could not be read or written.
///
/// `description` names the file, what was found in it, what was expected and what can be done.
public struct SafetensorsError: Error, ExitCodeProviding, Equatable, Sendable, CustomStringConvertible {
    /// The part of the work that failed.
    public enum Kind: Sendable, Equatable {
        /// The system could not open, read, write or rename the file.
        case inputOutput
        /// The header is not one: its length, its JSON, or an entry in it.
        case header
        /// The header and the size of the data do not agree: overlaps, holes, missing or left-over bytes.
        case extent
        /// No tensor of the name that was asked for.
        case missing
        /// The tensor is there, but its elements cannot be read as what was asked for.
        case elementType
    }

    /// The part of the work that failed.
    public let kind: Kind
    /// The file, as it was given.
    public let path: String
    /// What was found, what was expected and what to do, without the path.
    public let detail: String

    /// The path, then the detail.
    public var description: String { "\(path.shownPath): \(detail.shownDetail)" }

    /// The exit code of a command that ends with this error: 74 input or output, 65 bad data.
    public var exitCode: Int32 { kind == .inputOutput ? ExitCode.inputOutput : ExitCode.badData }
}
