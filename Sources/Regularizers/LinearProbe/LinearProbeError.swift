public import Hosts

/// Why a linear probe could not be fitted.
public enum LinearProbeError: Error, Equatable, Sendable, ExitCodeProviding, CustomStringConvertible {
    /// Classes without a sample in the training split.
    case emptyClasses([String])
    /// A feature of this split is non-finite; sample as counted over all ranks.
    case nonFiniteFeature(split: String, sample: Int)

    /// 65: bad data.
    public var exitCode: Int32 { ExitCode.badData }

    /// What was found, what was expected and what to do.
    public var description: String {
        switch self {
        case .emptyClasses(let names):
            "a linear probe needs samples of every class, but the training split has none of "
                + names.prefix(8).map { "\"\($0)\"" }.joined(separator: ", ")
                + (names.count > 8 ? " and \(names.count - 8) more" : "")
                + ". Add samples, or remove the class."
        case .nonFiniteFeature(let split, let sample):
            "the network's features of \(split) sample \(sample) are not finite. The pretrained weights or the "
                + "sample are damaged."
        }
    }
}
