internal import Foundation
internal import Hosts
internal import ModelFiles
internal import ProcessGroups
internal import Tensors

/// `relationship.safetensors` in the folder of a run: what people look at, and what the run reads when it goes on.
struct KeptRelationship {
    let path: String
    let classNames: [String]
    let sourceClassCount: Int
    /// What the relationship is computed from.
    let key: PreparationKey
    let preparation: Preparation

    private var group: any ProcessGroup { preparation.group }

    /// The relationship of the file, if it is whole and was computed from the same; nil on every rank if not.
    ///
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func read() throws -> Relationship? {
        var found: Relationship?
        let isFound = try group.coordinate {
            found = readLocally()
            return [found == nil ? 0 : 1]
        }
        return isFound == [1] ? try share(found) : nil
    }

    /// Writes the relationship with its table, on rank 0.
    ///
    /// - Throws: `CollectiveFailure` where that fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func write(_ relationship: Relationship) throws {
        try group.coordinate { () throws -> Void in
            try relationship.write(
                to: path,
                keptWith: ["computed-from": key.digest, "sha256": relationship.probabilities.contentsDigest])
        }
    }

    /// Makes sure that a run which goes on has the relationship that it began with.
    ///
    /// - Parameters:
    ///   - relationship: The one of the file that the run was given.
    ///   - given: That file.
    /// - Throws: `CollectiveFailure` (65).
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func requireSame(as relationship: Relationship, givenAs given: String) throws {
        guard preparation.goesOn else { return }
        try group.coordinate { () throws -> Void in
            guard let before = try? Relationship(contentsOf: path),
                before.probabilities.elements != relationship.probabilities.elements
            else { return }
            throw RelationshipError.unusableFile(
                path: given,
                reason:
                    "holds another relationship than the run began with, which is in \(path): give that file back, or "
                    + "start anew with --resume none")
        }
    }

    private func readLocally() -> Relationship? {
        guard FileManager.default.fileExists(atPath: path) else {
            if preparation.goesOn { say("is missing") }
            return nil
        }
        do {
            let file = try SafetensorsFile(contentsOf: path)
            guard file.metadata["computed-from"] == key.digest else {
                if preparation.goesOn { say("was computed from something else, or by another version") }
                return nil
            }
            let relationship = try Relationship(
                contentsOf: path, classNames: classNames, sourceClassCount: sourceClassCount)
            guard relationship.probabilities.contentsDigest == file.metadata["sha256"] else {
                say("is damaged: its contents are not what was written")
                return nil
            }
            return relationship
        } catch {
            say("is damaged: \(error)")
            return nil
        }
    }

    private func say(_ problem: String) {
        preparation.warn("\(path) \(problem); the relationship is learned again")
    }

    /// Gives rank 0's relationship to every rank.
    private func share(_ own: Relationship?) throws -> Relationship {
        var values = own?.probabilities.elements ?? []
        var method = Array((own?.method ?? .given).rawValue.utf8)
        try group.broadcast(&values, from: 0)
        try group.broadcast(&method, from: 0)
        var relationship = try Relationship(
            probabilities: Tensor([classNames.count, sourceClassCount], values),
            method: Relationship.Method(rawValue: String(decoding: method, as: UTF8.self)) ?? .given,
            classNames: classNames)
        relationship.key = own?.key
        relationship.sourceClassNames = own?.sourceClassNames
        return relationship
    }
}
