internal import Hosts
package import ImageData
internal import ModelFiles
package import ProcessGroups
internal import Tensors
package import Training

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
    /// - Parameters:
    ///   - group: The ranks.
    ///   - progress: What rank 0 says that on.
    /// - Throws: `CollectiveFailure` (64), on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func begin(_ group: any ProcessGroup, progress: ProgressLine = ProgressLine()) throws {
        try checkSameStart(group)
        let placements = try group.allGatherPlacements(.current(threadCount: ComputeThreads.count))
        try PlacementCheck.requireCores(placements)
        try group.agree { try LinearAlgebraCheck.require() }
        let processors = try group.allGatherCoded(Processor.current(instructions: MathLibraries.instructions))
        guard group.rank == 0 else { return }
        for line in PlacementCheck.notices(placements)
            + ProcessorCheck.notices(processors, placements.map(\.host))
        {
            progress.say(line)
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

    /// That every rank has the same samples, whoever listed them.
    ///
    /// - Parameters:
    ///   - subset: The samples of this rank; nil where there are none.
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

    /// The SHA-256 of the weights' file, the same on every rank; `none` without weights. With `data.local` the files of
    /// all hosts are compared.
    ///
    /// - Throws: As `digest` does.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func weightsDigest(_ configuration: RunConfiguration, group: any ProcessGroup) throws
        -> String
    {
        let isLocal = configuration.data.isLocal
        if isLocal, let path = configuration.initialState {
            _ = try digest(ofFile: path, key: "initial-state", isLocal: isLocal, group: group)
        }
        guard let path = configuration.network.weights else { return "none" }
        return try digest(ofFile: path, key: "network.weights", isLocal: isLocal, group: group)
    }

    /// The SHA-256 of weights with all their shards.
    ///
    /// - Parameters:
    ///   - path: The file; rank 0 must be able to read it.
    ///   - key: The key of the configuration that names it.
    ///   - isLocal: Whether each host has a file of its own: another one at that place is an error then. Else rank 0 alone
    ///     reads.
    /// - Returns: 64 hexadecimal digits, the same on every rank.
    /// - Throws: `CollectiveFailure` (65, or 74 where rank 0 cannot read it), on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    private static func digest(
        ofFile path: String, key: String, isLocal: Bool, group: any ProcessGroup
    ) throws -> String {
        let digests =
            isLocal
            ? try HostFileDigests(path, group: group, digest: WeightFile.digest).values
            : [try soleDigest(path, group: group)]
        guard let expected = digests[0] else {
            throw CollectiveFailure(
                message: "\(key) \(path): cannot be read on the host of rank 0",
                exitCode: ExitCode.inputOutput)
        }
        if isLocal {
            try RankComparison(digests.map { $0.map { "SHA-256 \($0)" } }, group: group).requireSame(
                "\(key) \(path): hosts have different files",
                remedy: "with data.local: true each host reads its own: give all hosts the same file",
                exitCode: ExitCode.badData)
        }
        return expected
    }

    /// The SHA-256 that rank 0 finds, on every rank; nil where it cannot read the file.
    private static func soleDigest(_ path: String, group: any ProcessGroup) throws -> String? {
        let text = try group.coordinate {
            (try? WeightFile.digest(path)).map { Array($0.description.utf8) } ?? []
        }
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }
}
