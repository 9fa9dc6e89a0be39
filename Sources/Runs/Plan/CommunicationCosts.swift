/// What communication costs apart from the bytes on the link.
package struct CommunicationCosts: Codable, Sendable, Equatable {
    /// Seconds from the send of a small message to its receipt on another host.
    package var networkLatency = 25e-6
    /// The same within a host.
    package var localLatency = 1e-6
    /// Share of a link's bits that is payload: headers of Ethernet, IP and TCP take the rest of frames of 1500 bytes.
    package var payloadShare = 0.94
    /// Seconds of a processor to send and receive a message between hosts.
    package var messageSeconds = 6e-6
    /// Seconds of a processor to send and receive a byte between hosts.
    package var byteSeconds = 0.5e-9
    /// Seconds to copy a byte within memory, one rank alone.
    package var copySeconds = 0.1e-9
    /// Seconds to add a byte of 32-bit numbers to sums of 64 bits, one rank alone.
    package var sumSeconds = 0.2e-9
    /// How many ranks copy at that speed at once; more share the host's memory.
    package var memoryRanks = 8.0
    /// Seconds between two advances of a communication thread.
    package var pauseSeconds = 1.06e-3
    /// Seconds that an advance without anything to do takes from the computation.
    package var wakeSeconds = 10e-6
    /// Larger messages wait for the receiver before they are sent.
    package var eagerBytes = 65536
    /// All-reduces under way at the same time.
    package var laneCount = 6

    private enum CodingKeys: String, CodingKey {
        case networkLatency = "network-latency"
        case localLatency = "local-latency"
        case payloadShare = "payload-share"
        case messageSeconds = "message-seconds"
        case byteSeconds = "byte-seconds"
        case copySeconds = "copy-seconds"
        case sumSeconds = "sum-seconds"
        case memoryRanks = "memory-ranks"
        case pauseSeconds = "pause-seconds"
        case wakeSeconds = "wake-seconds"
        case eagerBytes = "eager-bytes"
        case laneCount = "lane-count"
    }

    package init() {}

    /// Seconds of the processor to send and receive a byte, from those that a flat all-reduce took of a rank: what is left
    /// without additions, and without copies to ranks of its host.
    ///
    /// Of `S` bytes a rank sends `2 (R − L) / R · S` to other hosts, with R ranks, L of them on its host.
    package func byteSeconds(
        ofAllReduce bytes: Int, processorSeconds: Double, hosts: Int, ranks: Int
    ) -> Double {
        let (bytes, total, local) = (Double(bytes), Double(ranks), Double(ranks / hosts))
        let remote = 2 * (total - local) / total * bytes
        let copies = 4 * (local - 1) / total * bytes
        let messages = 2 * (total - local) * messageSeconds
        let work = bytes * sumSeconds + copies * copySeconds + messages
        return max(0, processorSeconds - work) / remote
    }

    /// Seconds to copy a byte where so many ranks of a host do.
    func copySeconds(ranks: Int) -> Double { copySeconds * max(1, Double(ranks) / memoryRanks) }

    /// Seconds to add a byte where so many ranks of a host do: what adding reads is half of what copying reads and writes.
    func sumSeconds(ranks: Int) -> Double { max(sumSeconds, copySeconds(ranks: ranks) / 2) }
}
