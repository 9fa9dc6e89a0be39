internal import CMPI

/// Sends what a rank is doing to rank 0, and what rank 0 is doing to all others; never waits.
///
/// Messages are of one size and small enough that MPI keeps a copy, so that a peer which receives nothing holds
/// nobody up: its next message is left out as long as the last one is under way.
final class StatusExchange {
    /// Begun collectives, progress, inside or not, last or not, and the name of the collective.
    private static let wordCount = 8

    private struct Peer {
        let rank: Int
        var request: MPI_Request? = cmpi_request_null()
        /// Whether this rank has told it that nothing more will come, and whether it has told this rank.
        var hasSentLast = false
        var hasReceivedLast = false
    }

    private let communicator: Communicator
    private var peers: [Peer]
    private let outgoing: UnsafeMutablePointer<Int64>
    private let incoming: UnsafeMutablePointer<Int64>

    /// - Parameters:
    ///   - communicator: One that nothing else uses.
    ///   - rank: This rank.
    ///   - size: Number of ranks.
    init(_ communicator: Communicator, rank: Int, size: Int) {
        self.communicator = communicator
        peers = rank == 0 ? (1..<size).map { Peer(rank: $0) } : [Peer(rank: 0)]
        outgoing = .allocate(capacity: Self.wordCount * peers.count)
        incoming = .allocate(capacity: Self.wordCount)
    }

    deinit {
        outgoing.deallocate()
        incoming.deallocate()
    }

    /// Whether each peer has sent its last message and has been sent this rank's.
    ///
    /// - Throws: `MPIError`
    func isOver() throws(MPIError) -> Bool {
        var isOver = true
        for index in peers.indices where try !isSent(index) || !peers[index].hasSentLast {
            isOver = false
        }
        return isOver && peers.allSatisfy(\.hasReceivedLast)
    }

    /// Begins to tell every peer what this rank is doing.
    ///
    /// - Throws: `MPIError`
    func send(_ status: Activity.Status, isLast: Bool) throws(MPIError) {
        for index in peers.indices where try isSent(index) && !peers[index].hasSentLast {
            let words = outgoing + index * Self.wordCount
            let name = status.collective.words
            (words[0], words[1]) = (status.begunCount, status.progress)
            (words[2], words[3]) = (status.isInside ? 1 : 0, isLast ? 1 : 0)
            (words[4], words[5], words[6], words[7]) = name
            peers[index].hasSentLast = isLast
            try check(
                "MPI_Isend",
                MPI_Isend(
                    words, Int32(Self.wordCount), DataType(.int64).raw, Int32(peers[index].rank), 0,
                    communicator.raw, &peers[index].request))
        }
    }

    /// Takes all messages that have come.
    ///
    /// - Parameter hear: is given what a peer is doing, whether nothing more will come, and the peer.
    /// - Throws: `MPIError`
    func receive(_ hear: (Activity.Status, Bool, Int) -> Void) throws(MPIError) {
        for index in peers.indices {
            let peer = Int32(peers[index].rank)
            while !peers[index].hasReceivedLast {
                var isThere: Int32 = 0
                try check(
                    "MPI_Iprobe", MPI_Iprobe(peer, 0, communicator.raw, &isThere, cmpi_status_ignore()))
                guard isThere != 0 else { break }
                try check(
                    "MPI_Recv",
                    MPI_Recv(
                        incoming, Int32(Self.wordCount), DataType(.int64).raw, peer, 0, communicator.raw,
                        cmpi_status_ignore()))
                peers[index].hasReceivedLast = incoming[3] != 0
                let status = Activity.Status(
                    begunCount: incoming[0],
                    collective: Collective(words: (incoming[4], incoming[5], incoming[6], incoming[7])),
                    isInside: incoming[2] != 0, progress: incoming[1])
                hear(status, peers[index].hasReceivedLast, Int(peer))
            }
        }
    }

    private func isSent(_ index: Int) throws(MPIError) -> Bool {
        var isSent: Int32 = 0
        try check("MPI_Test", MPI_Test(&peers[index].request, &isSent, cmpi_status_ignore()))
        return isSent != 0
    }
}
