internal import Foundation
internal import Layers
internal import ModelFiles
internal import ProcessGroups
internal import Training

/// A model that a run saved, the same on every rank.
struct SavedModel {
    /// The file.
    let path: String
    /// What it says of itself.
    let description: ModelDescription
    /// The network with its weights.
    let classifier: Classifier

    /// Reads the model on rank 0 and gives it to the other ranks.
    ///
    /// - Parameter path: The folder of a run, or a `model.safetensors`.
    /// - Throws: `CollectiveFailure`, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(_ path: String, group: any ProcessGroup) throws {
        let file = Self.file(path)
        self.path = file
        let content = try group.coordinate {
            Array(try JSONEncoder().encode(ModelDescription(SafetensorsFile(contentsOf: file))))
        }
        let description = try JSONDecoder().decode(ModelDescription.self, from: Data(content))
        let classifier = try group.agree { try description.makeClassifier(file) }
        try group.coordinate { () throws -> Void in
            try classifier.load(SafetensorsFile(contentsOf: file))
        }
        try classifier.replicate(over: group)
        (self.description, self.classifier) = (description, classifier)
    }

    /// The file of a model that was given by it or by the folder of its run.
    static func file(_ path: String) -> String {
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        return exists && isDirectory.boolValue ? path + "/model.safetensors" : path
    }
}
