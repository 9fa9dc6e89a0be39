public import Hosts
internal import ProcessGroups

/// Why a relationship could not be computed, read or written.
public enum RelationshipError: Error, Equatable, Sendable, ExitCodeProviding, CustomStringConvertible {
    /// Target classes without a sample in the training split.
    case emptyClasses([String])
    /// The reverse method chooses and calibrates on the validation split, which has no sample.
    case emptyValidation
    /// A source logit of this split is non-finite; sample as counted over all ranks.
    case nonFiniteLogit(split: String, sample: Int)
    /// A row is not a distribution: an element is negative or non-finite, or the sum is not 1.
    case notADistribution(targetClass: String, sum: Double)
    /// The file at this path is a relationship of other classes, another network, or none at all.
    case unusableFile(path: String, reason: String)
    /// The file at this path could not be written.
    case notWritten(path: String, reason: String)

    /// 65, bad data; 74 where a file could not be written.
    public var exitCode: Int32 {
        if case .notWritten = self { ExitCode.inputOutput } else { ExitCode.badData }
    }

    /// What was found, what was expected and what to do.
    public var description: String {
        switch self {
        case .emptyClasses(let names):
            "Co-Tuning's relationship needs samples of every target class, but the training split has none of "
                + names.prefix(8).map { "\"\($0)\"" }.joined(separator: ", ")
                + (names.count > 8 ? " and \(names.count - 8) more" : "")
                + ". Add samples, or remove the class."
        case .emptyValidation:
            "Co-Tuning's reverse relationship needs a validation split, which has no sample. Give one, or "
                + "set method.relationship to direct."
        case .nonFiniteLogit(let split, let sample):
            "the source head's output for \(split) sample \(sample) is not finite. The pretrained weights or "
                + "the sample are damaged."
        case .notADistribution(let targetClass, let sum):
            "the relationship's row of \"\(targetClass.prefix(100))\" is not a distribution: its elements must be finite "
                + "and not negative, and add to 1; they add to \(sum)."
        case .unusableFile(let path, let reason): "\(path): \(reason)"
        case .notWritten(let path, let reason): "\(path): cannot be written: \(reason)"
        }
    }
}
