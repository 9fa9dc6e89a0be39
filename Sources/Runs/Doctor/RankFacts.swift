internal import Foundation
package import Hosts
internal import ProcessGroups
internal import Tensors

/// What a rank knows of itself and of its host before anything is measured.
package struct RankFacts: Sendable, Codable, Equatable {
    /// Its host, the cores that it may use there, and its threads.
    var placement: RankPlacement
    /// For each of those cores, the lowest number of the hardware threads that share it with the rank's one:
    /// as many different numbers as there are cores of silicon.
    var physicalCores: [Int]
    /// Versions of program and libraries.
    var software: SoftwareVersions
    /// Memory of the host.
    var memory: HostMemory
    /// Its processor.
    var processor: Processor

    package init(
        placement: RankPlacement, physicalCores: [Int], software: SoftwareVersions, memory: HostMemory,
        processor: Processor
    ) {
        (self.placement, self.physicalCores) = (placement, physicalCores)
        (self.software, self.memory, self.processor) = (software, memory, processor)
    }

    /// Those of this process. To be asked for before it computes, as `RankPlacement` is.
    static func current(threadCount: Int) -> RankFacts {
        let placement = RankPlacement.current(threadCount: threadCount)
        return RankFacts(
            placement: placement, physicalCores: placement.cores.map { firstSibling(ofCore: $0) },
            software: .current, memory: .current(),
            processor: .current(instructions: MathLibraries.instructions))
    }

    /// The first of the hardware threads of a core of silicon, or the number itself where Linux does not say.
    private static func firstSibling(ofCore number: Int) -> Int {
        let file = "/sys/devices/system/cpu/cpu\(number)/topology/thread_siblings_list"
        let list = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return list.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? number
    }
}

/// The ranks of a host.
struct HostRanks {
    /// The name of the host.
    let name: String
    /// Numbers of its ranks, ascending.
    private(set) var ranks: [Int]
    /// What they know, in the same order; at least one.
    private(set) var facts: [RankFacts]

    /// The hosts in the order of their first ranks.
    static func all(_ facts: [RankFacts]) -> [HostRanks] {
        var hosts: [HostRanks] = []
        for (rank, fact) in facts.enumerated() {
            if let index = hosts.firstIndex(where: { $0.name == fact.placement.host }) {
                hosts[index].ranks.append(rank)
                hosts[index].facts.append(fact)
            } else {
                hosts.append(HostRanks(name: fact.placement.host, ranks: [rank], facts: [fact]))
            }
        }
        return hosts
    }

    /// Threads of all its ranks.
    var threadCount: Int { facts.reduce(0) { $0 + $1.placement.threadCount } }

    /// Numbers of the cores that some rank may use, ascending.
    var cores: [Int] { Set(facts.flatMap(\.placement.cores)).sorted() }

    /// How many cores its ranks can keep busy: those that they may use, less what a control group forbids.
    var usableCoreCount: Int {
        let quota = facts.compactMap(\.placement.processorQuota).min()
        return max(1, min(cores.count, quota.map { Int($0) } ?? .max))
    }

    /// The same without hardware threads, two of which do little more than one.
    var usablePhysicalCoreCount: Int {
        min(usableCoreCount, Set(facts.flatMap(\.physicalCores)).count)
    }

    /// `rank 3` or `ranks 0-3`, of those at the given places.
    func words(_ places: [Int]) -> String {
        (places.count == 1 ? "rank " : "ranks ") + Units.ranges(places.map { ranks[$0] })
    }

    /// The least memory that its ranks saw as available, and the whole.
    var memory: HostMemory {
        facts.map(\.memory).min { $0.available < $1.available } ?? facts[0].memory
    }
}
