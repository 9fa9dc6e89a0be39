internal import Foundation
package import Hosts

extension ProcessGroup {
    /// All-gather: the placements of all ranks, the same on every rank.
    ///
    /// - Parameter placement: That of this rank.
    /// - Returns: The placements of rank 0, rank 1, and so on.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func allGatherPlacements(_ placement: RankPlacement) throws -> [RankPlacement] {
        try allGatherEach(Array(JSONEncoder().encode(placement))).map {
            try JSONDecoder().decode(RankPlacement.self, from: Data($0))
        }
    }
}
