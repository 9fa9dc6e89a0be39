import Foundation
import Hosts
import ProcessGroups

func groupItself(_ checker: Checker) throws {
    let group = checker.group
    let launch = LaunchEnvironment()
    checker.expect(launch.isLaunched, "no launcher seen")
    checker.expect(group is MPIGroup, "not a group of MPI")
    checker.equal(group.size, launch.size ?? 0)
    checker.equal(group.rank, launch.rank ?? -1)
    checker.equal(try group.allGather([Int32(group.rank)]), (0..<Int32(group.size)).map { $0 })
    checker.expect(HostName.current != "unknown", "no host name")
}

func barrier(_ checker: Checker) throws {
    let group = checker.group
    // Each round another rank comes late; nobody may leave before it has come. One host, so one clock.
    for late in 0..<group.size {
        if group.rank == late { Thread.sleep(forTimeInterval: 0.1) }
        let arrived = DispatchTime.now().uptimeNanoseconds
        try group.barrier()
        let left = DispatchTime.now().uptimeNanoseconds
        let arrivals = try group.allGather([Int64(arrived)])
        checker.expect(
            arrivals.allSatisfy { $0 <= Int64(left) }, "left the barrier before rank \(late) came")
    }
}
