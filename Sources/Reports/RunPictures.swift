internal import Foundation
internal import Regularizers

/// Pictures of what a method left in the folder of a run.
public enum RunPictures {
    /// Draws `relationship.svg` where there is a `relationship.safetensors`. On rank 0; in a job, inside
    /// `coordinate`.
    ///
    /// - Parameter directory: The folder of the run.
    /// - Throws: `SafetensorsError` and `RelationshipError` where the file is damaged or the picture cannot be
    ///   written.
    public static func write(in directory: String) throws {
        let file = directory + "/relationship.safetensors"
        guard FileManager.default.fileExists(atPath: file) else { return }
        try Relationship(contentsOf: file).writePicture(beside: file)
    }
}
