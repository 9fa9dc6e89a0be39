internal import Foundation

/// What the environment says about how this process was started; each process has its own.
package struct LaunchEnvironment: Sendable, Equatable {
    /// The variable that only a launcher sets, if there is one.
    package let evidence: String?

    /// How many ranks the launcher says that it started, if it says so.
    package let size: Int?

    /// Which of them this process is, if the launcher says so.
    package let rank: Int?

    /// Whether Slurm's srun started several processes and told MPI nothing about them: each would take itself for the
    /// whole job.
    package let isBareStep: Bool

    /// Whether an MPI launcher started this process.
    package var isLaunched: Bool { evidence != nil }

    /// By what launchers give themselves away: OpenMPI's; Hydra of MPICH and Intel, and what else speaks PMI; MVAPICH;
    /// IBM's jsrun. The first two variables say how many processes there are, and which of them this is.
    private static let launchers = [
        ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"), ("PMI_SIZE", "PMI_RANK"),
        ("MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"), ("JSM_NAMESPACE_SIZE", "JSM_NAMESPACE_RANK"),
        ("MPI_LOCALNRANKS", "MPI_LOCALRANKID"),
    ]

    /// What the given environment says.
    ///
    /// - Parameter variables: Names and values; by default those of this process.
    package init(variables: [String: String] = ProcessInfo.processInfo.environment) {
        func number(_ name: String) -> Int? { variables[name].flatMap { Int($0) } }
        let step = SlurmStep(variables)
        let launcher = Self.launchers.first { variables[$0.0] != nil }
        let others = ["PMIX_RANK", "PMI_RANK"]
        if let evidence = launcher?.0 ?? others.first(where: { variables[$0] != nil }) {
            self.evidence = evidence
            isBareStep = false
            // srun with PMIx tells the number of processes by a variable of its own.
            size = launcher.map { number($0.0) } ?? step?.taskCount
            rank =
                (launcher.map { [$0.1] } ?? []).lazy.compactMap(number).first
                ?? others.lazy.compactMap(number).first
        } else if let step, step.taskCount > 1 {
            (evidence, isBareStep) = (step.evidence, true)
            (size, rank) = (step.taskCount, step.rank)
        } else {
            (evidence, size, rank, isBareStep) = (nil, nil, nil, false)
        }
    }
}

/// The step of a Slurm job that this process is a task of, as srun starts it.
///
/// A script that sbatch starts, and a shell of salloc, know the size of their whole job (`SLURM_NTASKS`) and are no
/// such step: a program in them runs once.
private struct SlurmStep {
    let evidence: String
    let taskCount: Int
    let rank: Int?

    /// Numbers of steps from here on have a meaning of their own: the script of the job, a shell of salloc.
    private static let firstSpecialStep = 0xffff_fff0

    /// Nil where this process is no task of a step.
    init?(_ variables: [String: String]) {
        func number(_ name: String) -> Int? { variables[name].flatMap { Int($0) } }
        let step = number("SLURM_STEP_ID") ?? number("SLURM_STEPID")
        guard variables["SLURM_JOB_ID"] != nil || variables["SLURM_JOBID"] != nil, let step,
            step < Self.firstSpecialStep
        else { return nil }
        let names = ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "SLURM_NPROCS"]
        rank = number("SLURM_PROCID")
        if let name = names.first(where: { number($0) != nil }), let count = number(name) {
            (evidence, taskCount) = (name, max(count, (rank ?? 0) + 1))
        } else {
            (evidence, taskCount) = ("SLURM_PROCID", (rank ?? 0) + 1)
        }
    }
}
