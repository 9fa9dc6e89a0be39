internal import Hosts

extension DoctorFacts {
    /// Below so many bits a second, the all-reduce of the gradients takes longer than most steps.
    private static var leastBitsPerSecond: Double { 1e9 }

    /// What should be changed about the network.
    var networkFindings: [Finding] {
        guard let largest = allReduces.last else { return [] }
        return slowAllReduces(largest) + hosts.flatMap { host in interfaceFindings(host, largest) }
    }

    private func slowAllReduces(_ largest: AllReduceTiming) -> [Finding] {
        let speed = largest.bitsPerSecond(rankCount: ranks.count)
        guard speed < Self.leastBitsPerSecond else { return [] }
        let isOneHost = hosts.count == 1
        return [
            Finding(
                "all-reduce",
                found: "messages of \(Units.bytes(Int64(largest.messageBytes))) go at "
                    + "\(Units.rate(speed / 1e9)) Gbit/s" + (isOneHost ? " within one host" : ""),
                expected: "1 Gbit/s or more",
                remedy: isOneHost
                    ? "no more threads than cores (launch/local.sh), and shared memory: no --mca btl without vader"
                    : "a faster network, if there is one: export "
                        + "BALLAST_MPI_OPTIONS=\"--mca btl_tcp_if_include SUBNET\"; else larger batches, which need fewer all-reduces"
            )
        ]
    }

    /// Whether the all-reduces went over the interface that they should, as far as the interfaces count what they send.
    private func interfaceFindings(_ host: HostRanks, _ largest: AllReduceTiming) -> [Finding] {
        guard hosts.count > 1, let used = busiest(host), host.ranks[0] < links.count else { return [] }
        let all = links[host.ranks[0]]
        if used.name == "lo", host.ranks.count == 1 {
            return [
                Finding(
                    "network of \(host.name)", found: "the all-reduces went over the loopback interface lo",
                    expected: "an interface that other hosts can reach",
                    remedy:
                        "export BALLAST_MPI_OPTIONS=\"--mca btl_tcp_if_include SUBNET --mca oob_tcp_if_include SUBNET\""
                )
            ]
        }
        guard let speed = used.megabitsPerSecond,
            let faster = all.filter({ $0.megabitsPerSecond ?? 0 > speed }).max(by: {
                ($0.megabitsPerSecond ?? 0) < ($1.megabitsPerSecond ?? 0)
            })
        else { return [] }
        return [
            Finding(
                "network of \(host.name)",
                found: "the all-reduces went over \(used.name) of \(speed) Mbit/s, while \(faster.name) has "
                    + "\(faster.megabitsPerSecond ?? 0) Mbit/s",
                expected: "the fastest network that joins all hosts",
                remedy:
                    "if \(faster.name) does: export BALLAST_MPI_OPTIONS=\"--mca btl_tcp_if_include \(faster.name)\""
            )
        ]
    }

    /// The interface of a host that sent most during the all-reduces; nil where none sent as much as they need, as
    /// with shared memory and InfiniBand, which do not count here.
    func busiest(_ host: HostRanks) -> NetworkLink? {
        guard host.ranks[0] < links.count, let largest = allReduces.last else { return nil }
        return links[host.ranks[0]].filter { $0.sentBytes > Int64(largest.messageBytes) / 2 }
            .max { $0.sentBytes < $1.sentBytes }
    }
}
