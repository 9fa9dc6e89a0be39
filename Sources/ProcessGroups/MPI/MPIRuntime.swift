internal import CMPI
internal import Foundation
internal import Hosts

/// The life of MPI in this process, as a scope.
public enum MPIRuntime {
    /// Runs `body` with the group of all ranks and returns the exit code for this process.
    ///
    /// Without a launcher (see `LaunchEnvironment`) the group is a `SoloGroup` and MPI stays untouched. To be
    /// called on the main thread, at most once in a process.
    ///
    /// What becomes of an error that `body` throws:
    /// - `CollectiveFailure`: rank 0 prints it, all ranks end MPI and return its exit code.
    /// - Any other on a rank of several: that rank prints it with rank and host, then aborts the job with
    ///   the error's exit code, so that no rank waits for ever. This call does not return.
    /// - Any other on a rank alone: it is printed and its exit code returned.
    ///
    /// Where a rank of several stops, hangs or is cut off for `BALLAST_STALL_SECONDS` (300 unless set; 0 for
    /// never; rank 0's value counts), `StallInspector` ends the job with exit code 76 and a report.
    ///
    /// - Parameter body: The program, given the group of all ranks; the group must not outlive it.
    /// - Returns: 0 if `body` returned, else the exit code of its error.
    /// - Important: Collective: every rank of the job must call this.
    public static func run(_ body: (any ProcessGroup) throws -> Void) -> Int32 {
        let launch = LaunchEnvironment()
        guard launch.isLaunched else { return runAlone(body) }
        do {
            // MPI itself would end the process with a message of its own, or make each a job.
            if launch.isBareStep {
                throw LaunchError.bareStep(
                    evidence: launch.evidence ?? "", taskCount: launch.size ?? 0, library: libraryVersion())
            }
            let group = try start(launch)
            return try run(body, in: group)
        } catch {
            // A launcher of another library starts each process as a job of its own: let one speak for all.
            if !(error is LaunchError) || launch.rank ?? 0 == 0 {
                StandardError.print("ballast: \(error)")
            }
            // If MPI still runs, ending it would wait for ranks that may not have failed.
            if error is LaunchError { finalizeIfBegun() } else { abort(exitCode: ExitCode.of(error)) }
            return ExitCode.of(error)
        }
    }

    /// Runs `body` without MPI.
    private static func runAlone(_ body: (any ProcessGroup) throws -> Void) -> Int32 {
        do {
            try body(SoloGroup())
            return 0
        } catch {
            StandardError.print("ballast: \(error)")
            return ExitCode.of(error)
        }
    }

    /// Runs `body` and ends MPI, unless this rank alone has failed: then it aborts the job.
    ///
    /// - Throws: `MPIError` if MPI cannot be ended.
    private static func run(_ body: (any ProcessGroup) throws -> Void, in group: MPIGroup) throws -> Int32 {
        var exitCode: Int32 = 0
        var stallLimit: Double?
        var inspector: StallInspector?
        do {
            stallLimit = try agreedStallLimit(in: group)
            if let stallLimit, group.size > 1 { inspector = try StallInspector(group, limit: stallLimit) }
            try body(group)
        } catch {
            exitCode = ExitCode.of(error)
            if error is CollectiveFailure || group.size == 1 {
                if group.rank == 0 { StandardError.print("ballast: \(error)") }
            } else {
                StandardError.print(
                    "ballast: rank \(group.rank)/\(group.size) on host \(HostName.current): \(error)")
                abort(exitCode: exitCode)
            }
        }
        // A rank that never comes to its end is found out by those that wait for it here.
        try group.waiting(for: "the end of the program") { try group.barrier() }
        let deadline = Deadline(stallLimit, phase: "rank \(group.rank)/\(group.size): ending MPI")
        try inspector?.end()
        try group.release()
        try finalize()
        deadline.cancel()
        return exitCode
    }

    /// Rank 0's limit; nil for none.
    ///
    /// - Throws: `CollectiveFailure` where rank 0 has a wrong one.
    private static func agreedStallLimit(in group: MPIGroup) throws -> Double? {
        var seconds = 0.0
        try group.coordinate { () throws -> Void in seconds = try StallLimit.seconds() ?? 0 }
        var agreed = [seconds]
        try group.broadcast(&agreed, from: 0)
        return agreed[0] == 0 ? nil : agreed[0]
    }

    /// Starts MPI and returns the group of all ranks, with a communicator of its own.
    ///
    /// - Throws: `MPIError`; `LaunchError` if this is not the job that the launcher speaks of.
    private static func start(_ launch: LaunchEnvironment) throws -> MPIGroup {
        // Each thread has a group of its own, but MPI is one: duplicates are used at the same time.
        // Before it begins, ranks know nothing of one another: each goes by its own limit.
        let deadline = Deadline(StallLimit.ownSeconds, phase: "rank \(launch.rank ?? 0): starting MPI")
        defer { deadline.cancel() }
        var provided: Int32 = 0
        try check("MPI_Init_thread", MPI_Init_thread(nil, nil, Int32(MPI_THREAD_MULTIPLE), &provided))
        // Communicators made from the world inherit this.
        try check(
            "MPI_Comm_set_errhandler",
            MPI_Comm_set_errhandler(Communicator.world.raw, cmpi_errors_return()))
        let group = try MPIGroup(Communicator.world.duplicate())
        if let launchedSize = launch.size ?? launch.rank.map({ $0 + 1 }), launchedSize > group.size {
            try group.release()
            throw LaunchError.otherLauncher(
                evidence: launch.evidence ?? "", launchedSize: launchedSize, size: group.size,
                library: libraryVersion())
        }
        guard provided >= Int32(MPI_THREAD_MULTIPLE) else {
            try group.release()
            throw LaunchError.noThreads(library: libraryVersion())
        }
        return group
    }

    /// Ends MPI where it runs; that this fails too adds nothing.
    private static func finalizeIfBegun() {
        var isInitialized: Int32 = 0
        guard MPI_Initialized(&isInitialized) == MPI_SUCCESS, isInitialized != 0 else { return }
        try? finalize()
    }

    /// Ends MPI.
    private static func finalize() throws(MPIError) { try check("MPI_Finalize", MPI_Finalize()) }

    /// Ends the whole job with an exit code from whatever thread, if MPI runs; returns only if it does not.
    static func abort(exitCode: Int32) {
        var isInitialized: Int32 = 0
        var isFinalized: Int32 = 0
        guard MPI_Initialized(&isInitialized) == MPI_SUCCESS, isInitialized != 0,
            MPI_Finalized(&isFinalized) == MPI_SUCCESS, isFinalized == 0
        else { return }
        // MPI_Abort does not return, but it talks to the launcher's daemon, which may be what has stopped.
        let patience = 10.0
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: patience)
            _exit(exitCode)
        }
        // There is nobody to tell if it fails.
        _ = MPI_Abort(Communicator.world.raw, exitCode)
        _exit(exitCode)
    }

    /// The library that this program was built with, in its own words; MPI need not run.
    package static func libraryVersion() -> String {
        var count: Int32 = 0
        return SystemText.read(capacity: Int(MPI_MAX_LIBRARY_VERSION_STRING)) {
            MPI_Get_library_version($0, &count)
        } ?? "an unknown version of MPI"
    }
}
