package import ProcessGroups
package import Training

/// A run that is ready to begin: what `ballast train` does, whatever the method.
package protocol StartedRun {
    /// Where the best model will lie.
    var modelPath: String { get }

    /// Does all of it.
    ///
    /// - Returns: How it went, the same on every rank.
    /// - Throws: `CollectiveFailure`, on every rank; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func run() throws -> Trainer.Outcome
}

extension RunConfiguration {
    /// Reads data and weights and makes the folder of the run.
    ///
    /// - Throws: Errors that are the same on every rank, before the first step.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func start(resume: Resume, group: any ProcessGroup) throws -> any StartedRun {
        method.name.settings.takesSteps
            ? try TrainingRun(self, resume: resume, group: group)
            : try ProbeRun(self, resume: resume, group: group)
    }
}
