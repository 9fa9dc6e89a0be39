public import Hosts

/// Why images, labels or a selection of them cannot be used.
///
/// `description` says which file or setting, what was found, what was expected and what to do.
public struct DataError: Error, ExitCodeProviding, Equatable, Sendable, CustomStringConvertible {
    /// The part of the work that failed.
    public enum Kind: UInt8, Sendable, Equatable {
        /// The system could not open or read a file.
        case inputOutput
        /// A path names something that is no data set of a supported kind.
        case unsupported
        /// A gzip stream that is cut off or damaged.
        case compression
        /// A file whose contents do not follow its format.
        case format
        /// A label that is negative, too large, or of a class without samples.
        case label
        /// A choice of classes or samples that the data cannot satisfy.
        case selection
        /// A setting that makes no sense for any data.
        case setting
        /// A file that is not the one that was listed.
        case changed
    }

    /// The part of the work that failed.
    public let kind: Kind
    /// The file; empty for settings that concern none.
    public let path: String
    /// What was found, what was expected and what to do, without the path.
    public let detail: String

    /// An error about `path`, which may be empty.
    public init(_ kind: Kind, path: String, _ detail: String) {
        self.kind = kind
        self.path = path
        self.detail = detail
    }

    /// The path, then the detail.
    public var description: String {
        path.isEmpty ? detail.shownDetail : "\(path.shownPath): \(detail.shownDetail)"
    }

    /// The exit code of a command that ends with this error: 74 input or output, 64 settings, 65 bad data.
    public var exitCode: Int32 {
        switch kind {
        case .inputOutput: ExitCode.inputOutput
        case .setting: ExitCode.wrongUse
        case .unsupported, .compression, .format, .label, .selection, .changed: ExitCode.badData
        }
    }
}
