internal import Foundation
public import ProcessGroups
internal import Tensors

extension Relationship {
    /// Reads a relationship's file on rank 0, checks it, and gives it to every rank.
    ///
    /// - Parameters:
    ///   - path: The file, on rank 0's machine.
    ///   - classNames: Names of the target classes that it must be of, in order; the same on every rank.
    ///   - sourceClassCount: S that it must have; the same on every rank.
    ///   - key: What it must have been computed from; nil where that does not matter.
    ///   - group: The ranks.
    /// - Throws: `CollectiveFailure` with the text and exit code of `SafetensorsError` or `RelationshipError`,
    ///   on every rank; `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public static func read(
        from path: String, classNames: [String], sourceClassCount: Int, key: RelationshipKey?,
        group: any ProcessGroup = SoloGroup()
    ) throws -> Relationship {
        var values: [Float] = []
        var sourceClassNames: [String]?
        let name = try group.coordinate { () throws -> [UInt8] in
            let read = try Relationship(
                contentsOf: path, classNames: classNames, sourceClassCount: sourceClassCount, key: key)
            values = read.probabilities.elements
            sourceClassNames = read.sourceClassNames
            return Array(read.method.rawValue.utf8)
        }
        try group.broadcast(&values, from: 0)
        var relationship = try Relationship(
            probabilities: Tensor([classNames.count, sourceClassCount], values),
            method: Method(rawValue: String(decoding: name, as: UTF8.self)) ?? .given,
            classNames: classNames)
        relationship.key = key
        relationship.sourceClassNames = sourceClassNames
        return relationship
    }

    /// The relationship of a file where there is one, else a new one, which is written there.
    ///
    /// A file that is there but was computed from something else is an error, not a reason to learn anew: it
    /// may be the wrong path.
    ///
    /// - Parameters:
    ///   - path: The file, on rank 0's machine; its folder must exist.
    ///   - key: What the relationship is computed from; part of the file.
    ///   - classNames: Names of the target classes, the same on every rank.
    ///   - sourceClassCount: S, the same on every rank.
    ///   - group: The ranks.
    ///   - learn: Makes it from any source of probabilities or logits, the same bits on every rank: for example
    ///     `Relationship.direct`. Runs on every rank, and may call the group.
    /// - Throws: As `read`; what `learn` throws; `RelationshipError.notWritten` as a `CollectiveFailure`.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public static func cached(
        at path: String, key: RelationshipKey, classNames: [String], sourceClassCount: Int,
        group: any ProcessGroup = SoloGroup(), learn: () throws -> Relationship
    ) throws -> Relationship {
        let exists = try group.coordinate { () throws -> [UInt8] in
            [FileManager.default.fileExists(atPath: path) ? 1 : 0]
        }
        guard exists != [1] else {
            return try read(
                from: path, classNames: classNames, sourceClassCount: sourceClassCount, key: key,
                group: group)
        }
        var learned = try learn()
        precondition(
            learned.classNames == classNames && learned.sourceClassCount == sourceClassCount,
            "a relationship of \(learned.classCount) and \(learned.sourceClassCount) classes, not "
                + "\(classNames.count) and \(sourceClassCount)")
        learned.key = key
        try group.coordinate { () throws -> Void in try learned.write(to: path) }
        return learned
    }
}
