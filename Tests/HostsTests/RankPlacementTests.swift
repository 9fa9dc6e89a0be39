import Hosts
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct RankPlacementTests {
    @Test func thisProcessHasCores() {
        let placement = RankPlacement.current(threadCount: 3)
        #expect(placement.host == HostName.current)
        #expect(placement.threadCount == 3)
        #expect(placement.cores.count >= 1 && placement.cores.count <= placement.hostCoreCount)
        #expect(placement.cores == placement.cores.sorted())
    }

    /// What the system writes of a thread, and the cores that it means.
    static let lists: [(status: String, cores: [Int])] = [
        (
            "Name:\tballast\nCpus_allowed:\t87\nCpus_allowed_list:\t0-2,7\nMems_allowed_list:\t0-1\n",
            [0, 1, 2, 7]
        ),
        ("Cpus_allowed_list:\t5\n", [5]),
        ("Cpus_allowed_list:\t0-1,1022-1025\n", [0, 1, 1022, 1023, 1024, 1025]),
        ("Name:\tballast\n", []),
    ]

    @Test(arguments: lists) func coresAreThoseTheSystemLists(status: String, cores: [Int]) throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let file = try folder.write(Array(status.utf8), as: "status")
        #expect(AllowedCores.ofThisThread(status: file) == cores)
    }

    /// Files of control groups, by path, and the limit that they mean.
    static let quotas: [(membership: String, files: [String: String], expected: Double?)] = [
        ("0::/\n", ["cpu.max": "150000 100000\n"], 1.5),
        ("0::/\n", ["cpu.max": "max 100000\n"], nil),
        ("0::/\n", [:], nil),
        ("0::/a/b\n", ["a/cpu.max": "200000 100000\n", "a/b/cpu.max": "max 100000\n"], 2),
        ("0::/a/b\n", ["a/cpu.max": "200000 100000\n", "a/b/cpu.max": "100000 100000\n"], 1),
        ("0::/gone\n", ["cpu.max": "300000 100000\n"], 3),
        (
            "5:cpuset:/\n4:cpu,cpuacct:/a\n",
            ["cpu,cpuacct/a/cpu.cfs_quota_us": "250000\n", "cpu,cpuacct/a/cpu.cfs_period_us": "100000\n"], 2.5
        ),
        ("1:cpu:/\n", ["cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"], nil),
        ("2:memory:/\n", ["cpu.max": "100000 100000\n"], nil),
        ("nonsense\n", ["cpu.max": "100000 100000\n"], nil),
    ]

    @Test(arguments: quotas)
    func quotaOfTheControlGroup(membership: String, files: [String: String], expected: Double?) throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        for (name, text) in files { try folder.write(Array(text.utf8), as: name) }
        let membershipFile = try folder.write(Array(membership.utf8), as: "membership")
        #expect(ProcessorQuota.current(membership: membershipFile, root: folder.path) == expected)
    }
}
