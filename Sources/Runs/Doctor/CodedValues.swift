internal import Foundation
internal import ProcessGroups

extension ProcessGroup {
    /// The values of all ranks, the same on every rank.
    ///
    /// - Parameter value: That of this rank.
    /// - Returns: The values of rank 0, rank 1, and so on.
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func allGatherCoded<Value: Codable>(_ value: Value) throws -> [Value] {
        try allGatherEach(Array(JSONEncoder().encode(value))).map {
            try JSONDecoder().decode(Value.self, from: Data($0))
        }
    }
}
