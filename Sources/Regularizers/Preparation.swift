internal import Hosts
public import Layers
public import ProcessGroups

/// What a method can use before the first step.
public struct Preparation {
    /// The backbone at its starting point, equal on all ranks. Training changes its weights: freeze what must
    /// stay.
    public let backbone: any Backbone
    /// SHA-256 of the weights' file.
    public let weightsDigest: String
    /// A name for each class of the pretrained network; nil where its weights name none.
    public let sourceClassNames: [String]?
    /// The training samples, in their fixed evaluation view.
    public let training: any SampleSource
    /// The validation samples, if there are any.
    public let validation: (any SampleSource)?
    /// The ranks.
    public let group: any ProcessGroup
    /// The run's seed.
    public let seed: UInt64
    /// The folder of the run, for files that the method leaves behind. Rank 0 alone writes.
    public let directory: String
    /// Whether a run goes on from a checkpoint: the folder should hold what the method left there.
    public let goesOn: Bool
    /// Tells the user a line, a notice where it begins with `notice: `; does nothing on other ranks than 0.
    public let say: (String) -> Void

    /// A preparation's parts.
    public init(
        backbone: any Backbone, weightsDigest: String, sourceClassNames: [String]? = nil,
        training: any SampleSource, validation: (any SampleSource)?, group: any ProcessGroup, seed: UInt64,
        directory: String, goesOn: Bool = false, say: @escaping (String) -> Void
    ) {
        (self.backbone, self.weightsDigest, self.training) = (backbone, weightsDigest, training)
        self.sourceClassNames = sourceClassNames
        (self.validation, self.group, self.seed) = (validation, group, seed)
        (self.directory, self.goesOn, self.say) = (directory, goesOn, say)
    }

    /// Tells the user a line that is worth reading however quiet the program is, and the log of the run; does nothing on
    /// other ranks than 0.
    public func warn(_ line: String) { say(ProgressDisplay.notice(line)) }
}
