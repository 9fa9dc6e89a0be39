internal import ImageData
internal import ProcessGroups
internal import Training

/// What was evaluated, and what a report shows of it.
struct ShownEvaluation {
    /// The samples.
    let subset: Subset
    /// What the model says of each.
    let samples: EvaluatedSamples
    /// Those that are shown.
    let choice: PictureChoice
    /// Their pictures.
    let thumbnails: Thumbnails

    /// Brings what the ranks saw together, and makes the pictures.
    ///
    /// - Parameters:
    ///   - observed: What was seen of this rank's samples.
    ///   - subset: The samples of all ranks.
    ///   - file: What is written, as the user knows it.
    ///   - group: The ranks.
    ///   - warn: Tells the user a line that is worth reading however quiet the program is, on rank 0.
    /// - Throws: What the group throws. An image that cannot be shown is said and is no error.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ observed: ObservedEvaluation, _ subset: Subset, for file: String, group: any ProcessGroup,
        warn: (String) -> Void
    ) throws {
        self.subset = subset
        samples = try observed.gathered(over: group)
        choice = PictureChoice(samples)
        thumbnails = try Thumbnails(subset, choice.samples, for: file, group: group, warn: warn)
    }
}
