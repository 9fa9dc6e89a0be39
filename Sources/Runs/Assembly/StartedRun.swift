internal import Hosts
package import ProcessGroups
package import Training

/// A run that is ready to begin: what `ballast train` does, whatever the method.
package protocol StartedRun {
    /// Where the best model will lie.
    var modelPath: String { get }
    /// Numbers that are trained.
    var trainedParameterCount: Int { get }

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
    /// - Parameters:
    ///   - resume: Where the run goes on from.
    ///   - profile: The file for a trace of some steps; nil: none is recorded.
    ///   - epochs: After how many epochs it ends, with the rates of the whole run, so that it can go on later; nil: at
    ///     its end. A method that takes no steps has none.
    ///   - progress: What rank 0 has told the user already, whose notices the log gets; nil: nothing.
    ///   - group: The ranks.
    /// - Throws: Errors that are the same on every rank, before the first step.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func start(
        resume: Resume, profile: String? = nil, until epochs: Int? = nil, progress: ProgressLine? = nil,
        group: any ProcessGroup
    ) throws -> any StartedRun {
        guard method.name.settings.takesSteps else {
            if profile != nil {
                throw CollectiveFailure(
                    message:
                        "--profile: method \(method.name.rawValue) takes no steps that could be profiled; leave --profile out",
                    exitCode: ExitCode.wrongUse)
            }
            return try ProbeRun(self, resume: resume, progress: progress, group: group)
        }
        return try TrainingRun(
            self, resume: resume, profile: profile, until: epochs, progress: progress, group: group)
    }
}
