import ProcessGroups
import Testing

@Suite struct LaunchEnvironmentTests {
    @Test func nothingSaysNothing() {
        let launch = LaunchEnvironment(variables: ["HOME": "/root", "OMP_NUM_THREADS": "1"])
        #expect(!launch.isLaunched)
        #expect(launch.size == nil)
        #expect(launch.rank == nil)
    }

    @Test func openMPI() {
        let launch = LaunchEnvironment(variables: [
            "OMPI_COMM_WORLD_SIZE": "3", "OMPI_COMM_WORLD_RANK": "2", "PMIX_RANK": "2",
        ])
        #expect(launch.evidence == "OMPI_COMM_WORLD_SIZE")
        #expect(launch.size == 3)
        #expect(launch.rank == 2)
    }

    @Test func otherLibraries() {
        let launch = LaunchEnvironment(variables: ["PMI_SIZE": "4", "PMI_RANK": "1"])
        #expect(launch.evidence == "PMI_SIZE")
        #expect(launch.size == 4)
        #expect(launch.rank == 1)
    }

    @Test func rankWithoutSize() {
        let launch = LaunchEnvironment(variables: ["PMIX_RANK": "0"])
        #expect(launch.isLaunched)
        #expect(launch.size == nil)
        #expect(launch.rank == 0)
    }

    /// Each with what shows it, the number of processes and which of them this is.
    static let otherLaunchers: [(variables: [String: String], size: Int, rank: Int)] = [
        (["MV2_COMM_WORLD_SIZE": "3", "MV2_COMM_WORLD_RANK": "2"], 3, 2),
        (["JSM_NAMESPACE_SIZE": "3", "JSM_NAMESPACE_RANK": "1"], 3, 1),
        (["MPI_LOCALNRANKS": "2", "MPI_LOCALRANKID": "1"], 2, 1),
        (["MPI_LOCALNRANKS": "2", "MPI_LOCALRANKID": "1", "PMI_SIZE": "4", "PMI_RANK": "3"], 4, 3),
        // srun with PMIx: how many there are stands in a variable of Slurm's.
        (step(["SLURM_STEP_NUM_TASKS": "2", "PMIX_RANK": "1"]), 2, 1),
    ]

    @Test(arguments: otherLaunchers)
    func otherLaunchersAreKnown(variables: [String: String], size: Int, rank: Int) {
        let launch = LaunchEnvironment(variables: variables)
        #expect(launch.isLaunched && !launch.isBareStep)
        #expect(launch.size == size && launch.rank == rank)
    }

    private static func step(_ more: [String: String]) -> [String: String] {
        ["SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_PROCID": "1"].merging(more) { $1 }
    }

    /// Tasks of a step that srun started without PMIx.
    @Test(arguments: [
        ["SLURM_STEP_NUM_TASKS": "2"], ["SLURM_STEP_NUM_TASKS": "2", "SLURM_NTASKS": "8"],
        ["SLURM_NTASKS": "2"], ["SLURM_NPROCS": "2"], [:], ["SLURM_STEP_NUM_TASKS": "many"],
    ])
    func srunWithoutPMIxIsABareStep(_ more: [String: String]) {
        let launch = LaunchEnvironment(variables: Self.step(more))
        #expect(launch.isBareStep && launch.isLaunched)
        #expect(launch.size == 2 && launch.rank == 1)
    }

    /// Where a job of Slurm's is around a plain program, or around a launcher of its own.
    @Test(arguments: [
        // The script of a job, and a shell of salloc, with and without a step of its own.
        ["SLURM_JOB_ID": "7", "SLURM_NTASKS": "8", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"],
        ["SLURM_JOB_ID": "7", "SLURM_NTASKS": "8", "SLURM_NPROCS": "8"],
        [
            "SLURM_JOB_ID": "7", "SLURM_NTASKS": "8", "SLURM_STEP_ID": "4294967290", "SLURM_PROCID": "0",
            "SLURM_STEP_NUM_TASKS": "1",
        ],
        [
            "SLURM_JOB_ID": "7", "SLURM_NTASKS": "8", "SLURM_STEP_ID": "4294967291", "SLURM_PROCID": "0",
        ],
        // One process.
        [
            "SLURM_JOB_ID": "7", "SLURM_NTASKS": "1", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "1",
            "SLURM_PROCID": "0",
        ],
        // Left over from a step, outside of any job.
        ["SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "1"],
    ])
    func aPlainProgramInASlurmJobIsAlone(_ variables: [String: String]) {
        #expect(!LaunchEnvironment(variables: variables).isLaunched)
        var launched = variables
        launched["OMPI_COMM_WORLD_SIZE"] = "2"
        launched["OMPI_COMM_WORLD_RANK"] = "1"
        let launch = LaunchEnvironment(variables: launched)
        #expect(!launch.isBareStep && launch.size == 2 && launch.rank == 1)
    }

    @Test func nonsenseIsNoNumber() {
        let launch = LaunchEnvironment(variables: ["PMI_SIZE": "many"])
        #expect(launch.isLaunched)
        #expect(launch.size == nil)
    }
}
