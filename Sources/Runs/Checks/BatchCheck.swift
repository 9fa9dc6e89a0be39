internal import Hosts
internal import ProcessGroups
package import Regularizers

/// Whether the batches of a run are what ranks and method can work on. Nothing is sent: every rank finds the same.
package enum BatchCheck {
    /// Throws unless every rank has a sample in every micro-batch.
    ///
    /// - Throws: `CollectiveFailure` (64).
    package static func require(_ training: TrainingConfiguration, rankCount: Int) throws {
        let microBatch = training.globalBatch / training.accumulation
        guard training.globalBatch % training.accumulation == 0 else {
            throw CollectiveFailure(
                message:
                    "training.global-batch \(training.globalBatch) is not a multiple of training.accumulation \(training.accumulation): micro-batches are equally large; change one of the two",
                exitCode: ExitCode.wrongUse)
        }
        guard microBatch >= rankCount else {
            let accumulated =
                training.accumulation > 1
                ? " (global-batch \(training.globalBatch) in \(training.accumulation) micro-batches)" : ""
            throw CollectiveFailure(
                message:
                    "\(rankCount) ranks are more than the \(microBatch) samples of a batch\(accumulated); start at most \(microBatch) ranks or raise training.global-batch",
                exitCode: ExitCode.wrongUse)
        }
    }

    /// Throws unless the method can work on batches of this kind.
    ///
    /// - Throws: `CollectiveFailure` (64).
    package static func require(
        _ needs: RegularizerNeeds, of method: MethodName, _ training: TrainingConfiguration
    ) throws {
        if needs.wholeBatch, training.accumulation > 1 {
            throw CollectiveFailure(
                message:
                    "method \(method.rawValue) looks at a batch as a whole: training.accumulation must be 1, not \(training.accumulation)",
                exitCode: ExitCode.wrongUse)
        }
        if needs.smallestBatch > training.globalBatch {
            throw CollectiveFailure(
                message:
                    "method \(method.rawValue) needs batches of at least \(needs.smallestBatch) samples, training.global-batch is \(training.globalBatch): fewer samples have fewer singular values; raise it, or lower method.singular-values",
                exitCode: ExitCode.wrongUse)
        }
    }
}
