internal import Foundation
internal import ImageData
internal import ModelFiles
internal import Networks

/// Writes the card of the model in the folder of a run.
struct ModelCardExport {
    /// The folder of the run.
    let folder: String
    /// The file to write.
    let output: String

    /// A longer configuration was written by no run.
    private static let largestConfiguration = 1 << 20

    /// Reads what the run left and writes the card.
    ///
    /// - Returns: What was written, a line each.
    /// - Throws: `UsageError` where the folder has no record, or one of another model; what files throw.
    func run() throws -> [String] {
        let model = SavedModel.file(folder)
        guard model != folder, let record = try ModelRecord(contentsOf: folder + "/model.json") else {
            throw UsageError(
                "\(folder): has no model.json, of which a model card is made; give the folder of a run")
        }
        guard try FileDigest(ofFile: model).description == record.modelSha256 else {
            throw UsageError(
                "\(folder)/model.json: is of another model than \(model), as a run that was killed may leave it; "
                    + "let the run go on to its end")
        }
        // Its numbers go into code.
        do {
            _ = try record.model.pipelines()
        } catch let error as DataError {
            throw DataError(.format, path: folder + "/model.json", String(error.detail.prefix(300)))
        }
        let network = try record.model.networkConfiguration(folder + "/model.json").name
        let card = ModelCard(record: record, network: network, configuration: try configuration())
        try OutputFile.write(Array(card.text.utf8), named: output)
        return ["wrote \(output), the card of \(model)"]
    }

    /// What the run was set to; nil where there is no file that says so.
    private func configuration() throws -> RunConfiguration? {
        let path = folder + "/config.yaml"
        do {
            let bytes = try SmallFile.read(path, limit: Self.largestConfiguration).bytes
            return try RunConfiguration(
                text: String(decoding: bytes, as: UTF8.self), file: path, directory: folder)
        } catch let problem as SmallFile.Problem {
            if case .missing = problem { return nil }
            throw DataError(.format, path: path, "cannot be read as the configuration of a run")
        }
    }
}
