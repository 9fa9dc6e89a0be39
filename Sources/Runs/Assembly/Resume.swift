internal import ProcessGroups
internal import Training

/// Where a run goes on from.
package enum Resume {
    /// The newest good checkpoint of the run's folder, if there is one.
    case automatic
    /// Nowhere: the run begins anew.
    case none
    /// A checkpoint.
    case path(String)

    package init(_ text: String) {
        switch text {
        case "auto": self = .automatic
        case "none": self = .none
        default: self = .path(text)
        }
    }

    /// The checkpoint to go on from, for rank 0.
    ///
    /// - Parameters:
    ///   - output: The run's folder.
    ///   - store: Its checkpoints.
    ///   - identity: What must be the same for the run to go on.
    ///   - say: Tells the user a line.
    /// - Throws: `CheckpointError` where a checkpoint is of another run, or where there are some and none is good;
    ///   `RunDirectoryError` where what is newer cannot be moved aside.
    func point(
        in output: String, _ store: CheckpointStore, identity: String, say: (String) -> Void
    ) throws -> ResumePoint? {
        switch self {
        case .none: return nil
        case .path(let path):
            store.cleanStaging()
            let point = try ResumePoint(
                CheckpointStore.open(path), identity: identity, goingOnIn: store)
            // Else the whole folder moves.
            if point.isOfThisFolder,
                let aside = try RunDirectory.setAside(output, laterThan: point, checkpoints: store)
            {
                say("what \(output) has after step \(point.step) is moved aside: \(aside)")
            }
            return point
        case .automatic:
            store.cleanStaging()
            guard let newest = try store.newest(say: say) else { return nil }
            let point = try ResumePoint(newest, identity: identity)
            // The results of a run that has ended may be in use by now.
            if try RunDirectory.isFinished(output, after: point),
                let aside = try RunDirectory.setAside(output, laterThan: point, checkpoints: store)
            {
                say("what \(output) has after step \(point.step) is moved aside: \(aside)")
            }
            return point
        }
    }
}
