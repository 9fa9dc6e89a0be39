internal import Hosts
package import ImageData
internal import ModelFiles
package import ProcessGroups
internal import Tensors
internal import Training

/// Checks before the first step that the ranks belong to the same job and that their hosts are set up alike.
///
/// A difference is one error on every rank, which names ranks, hosts and what each has. All together take about
/// as long as it takes to read the program's file once.
package enum JobChecks {
    /// That every rank runs the same program, with the same MPI library and the same command line, on as many
    /// cores as it has threads. To be called first: what comes later relies on it.
    ///
    /// Says in a line of its own where ranks have more threads together than cores, and where hosts have different
    /// processors. Also checks that BLAS and LAPACK compute what they should on each rank.
    ///
    /// - Throws: `CollectiveFailure` (64), on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func begin(_ group: any ProcessGroup) throws {
        try checkSameStart(group)
        let placements = try group.allGatherPlacements(.current(threadCount: ComputeThreads.count))
        try PlacementCheck.requireCores(placements)
        try group.agree { try LinearAlgebraCheck.require() }
        let processors = try group.allGatherCoded(Processor.current(instructions: MathLibraries.instructions))
        guard group.rank == 0 else { return }
        for line in PlacementCheck.notices(placements)
            + ProcessorCheck.notices(processors, placements.map(\.host))
        {
            ProgressLine().say(line)
        }
    }

    /// That every rank runs the same program, with the same MPI library and the same command line.
    ///
    /// - Throws: `CollectiveFailure` (64), on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func checkSameStart(_ group: any ProcessGroup) throws {
        guard group.size > 1 else { return }
        try checkProgram(group)
        try RankComparison(MPIRuntime.libraryVersion(), group: group).requireSame(
            "ranks use different MPI libraries", remedy: "install the same version on every host")
        try RankComparison(CommandLine.arguments.dropFirst().joined(separator: " "), group: group)
            .requireSame(
                "ranks were given different command lines", remedy: "start all ranks with the same one")
    }

    /// That every rank runs the same file, byte for byte.
    private static func checkProgram(_ group: any ProcessGroup) throws {
        let digests = try HostFileDigests("/proc/self/exe", group: group)
        try RankComparison(
            digests.values.map { "SHA-256 \($0 ?? "of a file that cannot be read")" }, group: group
        )
        .requireSame(
            "ranks run different builds of ballast",
            remedy: "build once and give every host that file")
    }

    /// That every rank opened the same samples.
    ///
    /// - Parameters:
    ///   - subset: The samples as this rank opened them; nil where there are none.
    ///   - name: What the user calls them: a key of the configuration or an option, and the file.
    /// - Throws: `CollectiveFailure` (65), on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func checkSamples(_ subset: Subset?, _ name: String, group: any ProcessGroup) throws {
        guard group.size > 1 else { return }
        let description = subset.map {
            "\($0.count) samples of \($0.classCount) classes, fingerprint \(String($0.fingerprint, radix: 16))"
        }
        try RankComparison(description ?? "none", group: group).requireSame(
            "\(name): ranks see different samples", remedy: "give every host the same file",
            exitCode: ExitCode.badData)
    }

    /// The SHA-256 of the weights' file, the same on every rank; `none` without weights. Compares the files that
    /// rank 0 alone reads with those of the same name on other hosts.
    ///
    /// - Throws: As `digest` does.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func weightsDigest(_ configuration: RunConfiguration, group: any ProcessGroup) throws
        -> String
    {
        if let path = configuration.initialState {
            _ = try digest(ofFile: path, key: "initial-state", group: group)
        }
        guard let path = configuration.network.weights else { return "none" }
        return try digest(ofFile: path, key: "network.weights", group: group)
    }

    /// The SHA-256 of weights that rank 0 alone reads, with all their shards; a host that has another file at that place is an error.
    ///
    /// A host without the file is as it should be: it gets the contents from rank 0.
    ///
    /// - Parameters:
    ///   - path: The file; rank 0 must be able to read it.
    ///   - key: The key of the configuration that names it.
    /// - Returns: 64 hexadecimal digits, the same on every rank.
    /// - Throws: `CollectiveFailure` (65, or 74 where rank 0 cannot read it), on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    private static func digest(ofFile path: String, key: String, group: any ProcessGroup) throws -> String {
        let digests = try HostFileDigests(path, group: group, digest: WeightFile.digest).values
        guard let expected = digests[0] else {
            throw CollectiveFailure(
                message: "\(key) \(path): cannot be read on the host of rank 0",
                exitCode: ExitCode.inputOutput)
        }
        try RankComparison(digests.map { $0.map { "SHA-256 \($0)" } }, group: group).requireSame(
            "\(key) \(path): hosts have different files",
            remedy: "rank 0 alone reads it: give all hosts the same file, or remove it from the others",
            exitCode: ExitCode.badData)
        return expected
    }
}
