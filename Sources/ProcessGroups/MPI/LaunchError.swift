internal import Hosts

/// The launcher and the MPI library of this program do not work together.
package enum LaunchError: Error, ExitCodeProviding, CustomStringConvertible {
    /// The launcher says that it started more ranks than the library sees.
    case otherLauncher(evidence: String, launchedSize: Int, size: Int, library: String)
    /// srun started several processes without a way to find one another.
    case bareStep(evidence: String, taskCount: Int, library: String)
    /// The library does not take calls from several threads at once.
    case noThreads(library: String)
    /// `BALLAST_STALL_SECONDS` does not hold a number of seconds.
    case wrongStallLimit(String)

    package var exitCode: Int32 { ExitCode.wrongUse }

    package var description: String {
        switch self {
        case .otherLauncher(let evidence, let launchedSize, let size, let library):
            "the launcher started \(launchedSize) ranks (\(evidence) is set), but MPI sees \(size): the "
                + "launcher belongs to another MPI library. This program was built with \(library); start it "
                + "with the mpirun of that library."
        case .bareStep(let evidence, let taskCount, let library):
            "srun started \(taskCount) processes (\(evidence) is set) and does not tell MPI of one another: each would "
                + "run by itself, and all would write the same files. Start them with srun --mpi=pmix, where srun "
                + "--mpi=list names it, or start one mpirun in the allocation, as launch/slurm.sbatch does; for one "
                + "process srun --ntasks=1. This program was built with \(library)."
        case .noThreads(let library):
            "the MPI library (\(library)) does not take calls from several threads at once "
                + "(MPI_THREAD_MULTIPLE), which this program needs; use a build of it that does, as OpenMPI of the "
                + "Linux distributions"
        case .wrongStallLimit(let text):
            "\(StallLimit.variable) is \"\(text)\"; expected after how many seconds, 1 or more, a rank or a "
                + "network that stalls ends the job, such as 300, which is the default, or 0 for never"
        }
    }
}
