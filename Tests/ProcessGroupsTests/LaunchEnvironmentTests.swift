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

    @Test func nonsenseIsNoNumber() {
        let launch = LaunchEnvironment(variables: ["PMI_SIZE": "many"])
        #expect(launch.isLaunched)
        #expect(launch.size == nil)
    }
}
