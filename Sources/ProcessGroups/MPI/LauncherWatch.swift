internal import Foundation

/// Ends the launcher on this host where it outlives the job.
///
/// After MPI_Abort, mpirun tells the daemons on all hosts to end, and waits for them. A daemon behind a broken link
/// never answers, and as long as the message to it is unconfirmed, the keep-alive options of mpirun have no effect:
/// it would wait until the system gives the connection up, a quarter of an hour later.
enum LauncherWatch {
    /// How long the launcher may take to end the job.
    static let patience = 10

    private static let launchers: Set = ["mpirun", "mpiexec", "orterun", "orted"]

    /// Starts a process that outlives this one and kills the launcher if that is still there after `patience`; does
    /// nothing where the parent is none of OpenMPI's own launchers.
    static func begin() {
        let parent = getppid()
        guard let name = commandName(of: parent), launchers.contains(name) else { return }
        let script =
            "sleep \(patience); read -r name < /proc/\(parent)/comm && [ \"$name\" = \(name) ] "
            + "&& kill -KILL \(parent)"
        // In a session of its own, because the launcher kills the group of this process, and without a hold on the
        // pipes that the launcher reads.
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["setsid", "sh", "-c", script]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        // If it cannot be started, the job ends as it would without it.
        try? process.run()
    }

    private static func commandName(of process: pid_t) -> String? {
        try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
            .trimmingCharacters(in: .newlines)
    }
}
