internal import Foundation
public import Hosts
internal import ProcessGroups

/// A checkpoint that could not be written or read.
///
/// `description` names the file, what failed, what the system said and what can be done.
public struct CheckpointError: Error, Equatable, Sendable, ExitCodeProviding, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Kind: Sendable, Equatable {
        /// The system could not open, read, write, flush or rename something.
        case inputOutput
        /// The files can be read, but they are not a checkpoint that this program wrote completely.
        case damaged
    }

    /// What kind of trouble it is.
    public let kind: Kind
    /// The file or folder.
    public let path: String
    /// What failed, without the path.
    public let problem: String
    /// The system's error number; nil where the system was not asked.
    public let errorNumber: Int32?

    /// 74 input or output, 65 bad data.
    public var exitCode: Int32 { kind == .inputOutput ? ExitCode.inputOutput : ExitCode.badData }

    /// The path, the problem, what the system said and what to do.
    public var description: String {
        let said = errorNumber.map { ": \(String(cString: strerror($0)))" } ?? ""
        return "\(path): \(problem)\(said)" + (advice.isEmpty ? "" : ". \(advice)")
    }

    /// What to do about it; empty where nothing is known to help.
    public var advice: String {
        guard kind == .inputOutput else {
            return "Give the path of another checkpoint, or begin without one"
        }
        return switch errorNumber {
        case ENOSPC, EDQUOT:
            "Free space on that disk, keep fewer checkpoints (checkpoint.keep) or choose another output"
        default: SystemAdvice.of(errorNumber)
        }
    }

    init(_ kind: Kind, _ path: String, _ problem: String, errorNumber: Int32? = nil) {
        (self.kind, self.path, self.problem, self.errorNumber) = (kind, path, problem, errorNumber)
    }
}
