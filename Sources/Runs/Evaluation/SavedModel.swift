internal import Foundation
internal import Hosts
internal import ImageData
internal import Layers
internal import ModelFiles
internal import ProcessGroups
internal import Tensors
internal import Training

/// A model that a run saved, the same on every rank.
struct SavedModel {
    /// The file.
    let path: String
    /// What it is.
    let description: ModelDescription
    /// The network with its weights.
    let classifier: Classifier
    /// What `model.json` says, where that is of this very file; on rank 0, nil elsewhere.
    let record: ModelRecord?

    /// Reads the model on rank 0 and gives it to the other ranks.
    ///
    /// - Parameter path: The folder of a run, whose `model.json` says what the model is, or a `model.safetensors`,
    ///   whose header does.
    /// - Throws: `CollectiveFailure`, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(_ path: String, group: any ProcessGroup) throws {
        let file = Self.file(path)
        let folder = file == path ? nil : path
        self.path = file
        var record: ModelRecord?
        let content = try group.coordinate { () throws -> [UInt8] in
            let tensors = try Self.tensors(of: file)
            record = try Self.record(of: file, folder: folder) { ProgressLine().warn($0) }
            let description = try record?.model ?? ModelDescription(tensors)
            try description.requireFit(of: tensors)
            return Array(try JSONEncoder().encode(description))
        }
        let description = try JSONDecoder().decode(ModelDescription.self, from: Data(content))
        let classifier = try group.agree { try description.makeClassifier(file) }
        try group.coordinate { () throws -> Void in
            try classifier.load(SafetensorsFile(contentsOf: file))
        }
        try classifier.replicate(over: group)
        (self.description, self.classifier, self.record) = (description, classifier, record)
    }

    /// Opens the file, or says what it is instead.
    private static func tensors(of path: String) throws -> SafetensorsFile {
        let source = try WeightFile.open(path)
        guard let file = source as? SafetensorsFile else {
            throw DataError(
                .unsupported, path: path,
                "is not a model that 'ballast train' wrote, but \(source.findings.first ?? "weights of another kind"); "
                    + "give a run's folder or its model.safetensors")
        }
        return file
    }

    /// How images are opened for the model.
    var datasetOptions: DatasetOptions {
        DatasetOptions(appliesOrientation: description.appliesOrientation, threads: ComputeThreads.count)
    }

    /// The file of a model that was given by it or by the folder of its run.
    static func file(_ path: String) -> String {
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        return exists && isDirectory.boolValue ? path + "/model.safetensors" : path
    }

    /// All files of such a model.
    static func files(_ path: String) -> [String] {
        let file = file(path)
        return [file]
            + (file == path
                ? []
                : ["config.yaml", "metrics.jsonl", "model.json", "report.json"].map { "\(path)/\($0)" })
    }

    /// The record beside a model where it is of this very file; nil: the header says what the model is.
    ///
    /// - Parameters:
    ///   - folder: The folder of the run; nil where the file alone was given.
    ///   - say: Tells the user a line.
    private static func record(
        of file: String, folder: String?, say: (String) -> Void
    ) throws -> ModelRecord? {
        guard let folder else { return nil }
        let path = folder + "/model.json"
        guard let record = try ModelRecord(contentsOf: path) else {
            say("\(path): is missing; the header of \(file) is used")
            return nil
        }
        guard try FileDigest(ofFile: file).description == record.modelSha256 else {
            say("\(path): is of another model than \(file), whose header is used")
            return nil
        }
        return record
    }

    /// The SHA-256 of the file. On rank 0.
    ///
    /// - Throws: `DataError` (74) where it cannot be read any more.
    func digest() throws -> String {
        if let record { return record.modelSha256 }
        do {
            return try FileDigest(ofFile: path).description
        } catch {
            throw DataError(.inputOutput, path: path, "cannot be read: \(error.systemReason)")
        }
    }

    /// How images are made ready for the model.
    ///
    /// - Parameter tenCrop: Whether ten crops of each image are looked at instead of one.
    /// - Returns: One pipeline for each look.
    /// - Throws: `DataError` (65) where the description has numbers that no image can be normalized by; `UsageError`
    ///   where it names a transform that this version does not know.
    func pipelines(tenCrop: Bool = false) throws -> [ImagePipeline] {
        do {
            return try description.pipelines(tenCrop: tenCrop)
        } catch let error as DataError {
            throw DataError(.format, path: path, String(error.detail.prefix(300)))
        }
    }

    /// Makes sure that images come out of the pipeline as the model was trained to see them.
    ///
    /// - Throws: `DataError`.
    func requireSize(of dataset: any ImageDataset, _ pipeline: ImagePipeline) throws {
        let imageSize = try pipeline.outputShape(of: dataset).dimensions
        let memory = HostMemory.current().usable
        let numbers = imageSize.reduce(Double(min(dataset.count, Evaluator.batchSize))) { $0 * Double($1) }
        guard memory == 0 || 8 * numbers < Double(memory) else {
            throw DataError(
                .format, path: path,
                "takes images of size \(imageSize.prefix(8)), of which no batch fits into memory; copy the model again: its description is damaged"
            )
        }
        guard imageSize == description.imageSize else {
            throw DataError(
                .format, path: dataset.path,
                "images have size \(imageSize), the model was trained on \(description.imageSize.prefix(8)); both must be equal: give images of that size"
            )
        }
    }
}

extension ModelDescription {
    /// Checks, before a network is made from what the description says, that the file can hold one of that size.
    ///
    /// - Throws: `DataError`, 65; `UsageError` where the network is not known.
    fileprivate func requireFit(of file: SafetensorsFile) throws {
        let count = file.names.reduce(0) { $0 + (file.shape(of: $1)?.count ?? 0) }
        let width = baseWidth ?? 1
        let misfit = DataError(
            .format, path: file.path,
            "is described as a network of base width \(width), and holds only \(count) numbers; copy the model again, or train it anew"
        )
        guard (1...1 << 20).contains(width) else { throw misfit }
        let network = try networkConfiguration(file.path)
        // Only the last stage of the smallest residual network has 8 · 512 times the square of its base width.
        guard 512 * width * width <= count else { throw misfit }
        let backbone = network.makeBackbone()
        let name = backbone.headName + ".weight"
        guard let head = file.shape(of: name), head == [classNames.count, backbone.featureCount] else {
            throw DataError(
                .format, path: file.path,
                "is described as a model of \(classNames.count) classes, and its head '\(name)' "
                    + (file.shape(of: name).map { "has shape \($0)" } ?? "is missing"))
        }
    }
}
