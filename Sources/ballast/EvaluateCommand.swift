import ArgumentParser
import Foundation
import Hosts
import ImageData
import Layers
import ModelFiles
import ProcessGroups
import Runs
import Tensors
import Training

/// `ballast evaluate`: how well a saved model does on a data set.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Evaluate a saved model on a data set.")

    @Option(help: "The folder of a run, or a model.safetensors that a run wrote.")
    var model: String

    @Option(help: "IDX images with their labels beside them, or a .safetensors data set.")
    var data: String

    @Option(
        parsing: .upToNextOption,
        help:
            "Labels of the data that are the model's classes, in order. Default: those that the model was trained on."
    )
    var classes: [Int] = []

    @Flag(help: "Print one JSON object.")
    var json = false

    @Option(help: "Write sample, label, prediction and probabilities to this CSV file.")
    var predictions: String?

    func run() throws { try Ballast.runOnAllRanks(evaluate) }

    private var modelPath: String {
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: model, isDirectory: &isDirectory)
        return exists && isDirectory.boolValue ? model + "/model.safetensors" : model
    }

    private func evaluate(_ group: any ProcessGroup) throws {
        try JobChecks.begin(group)
        let content = try group.coordinate {
            try predictions.map { try WriteAccess.require($0) }
            let file = try SafetensorsFile(contentsOf: modelPath)
            return Array(try JSONEncoder().encode(ModelDescription(file)))
        }
        let description = try JSONDecoder().decode(ModelDescription.self, from: Data(content))
        let classifier = try group.agree { try description.makeClassifier(modelPath) }
        try group.coordinate { () throws -> Void in
            try classifier.load(SafetensorsFile(contentsOf: modelPath))
        }
        try classifier.replicate(over: group)
        // A run evaluates images as they are; its `validation-transform` knows nothing else.
        let pipeline = try group.agree {
            ImagePipeline(
                transform: .none,
                normalization: try ImageData.Normalization(
                    mean: description.mean, standardDeviation: description.standardDeviation))
        }
        let subset = try group.agree { try samples(description, pipeline) }
        try JobChecks.checkSamples(subset, "--data \(data)", group: group)
        let loader = try group.agree {
            try EvaluationLoader(
                subset: subset, pipeline: pipeline, batchSize: Evaluator.batchSize,
                shard: Shard(rank: group.rank, size: group.size))
        }
        var lines: [String] = []
        let evaluation = try Evaluator(loader, group: group).evaluate(classifier) { prediction in
            if predictions != nil {
                lines.append(prediction.line(identifier: subset.identifier(prediction.position)))
            }
        }
        try write(lines, classCount: description.classNames.count, group: group)
        if group.rank == 0 { try report(evaluation) }
    }

    private func samples(_ description: ModelDescription, _ pipeline: ImagePipeline) throws -> Subset {
        let dataset = try DatasetFile.open(path: data)
        let imageSize = try pipeline.outputShape(of: dataset).dimensions
        guard imageSize == description.imageSize else {
            throw DataError(
                .format, path: data,
                "images have size \(imageSize), the model was trained on \(description.imageSize); both must be equal"
            )
        }
        let kept = classes.isEmpty ? description.classes : classes
        if let kept, kept.count != description.classNames.count {
            throw UsageError(
                "--classes lists \(kept.count) labels, the model has \(description.classNames.count) classes: \(description.classNames.joined(separator: ", "))"
            )
        }
        return try .evaluation(
            of: dataset, classes: kept, classCount: description.classNames.count,
            classNames: description.classNames)
    }

    /// Ranks hold contiguous parts of the samples, so the lines in order of rank are in order of the samples.
    private func write(_ lines: [String], classCount: Int, group: any ProcessGroup) throws {
        guard let predictions else { return }
        let parts = try group.allGatherEach(Array(lines.map { $0 + "\n" }.joined().utf8))
        try group.coordinate { () throws -> Void in
            let header =
                "sample,label,prediction" + (0..<classCount).map { ",probability-\($0)" }.joined() + "\n"
            try OutputFile.write(Array(header.utf8) + parts.joined(), named: predictions)
        }
    }

    private func report(_ evaluation: Evaluation) throws {
        guard json else {
            print(evaluation.summary)
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let object = EvaluationReport(
            model: modelPath, data: data, accuracy: evaluation.accuracy,
            meanClassAccuracy: evaluation.meanClassAccuracy, loss: evaluation.loss, count: evaluation.count)
        print(String(decoding: try encoder.encode(object), as: UTF8.self))
    }
}

/// The object that `evaluate --json` prints.
private struct EvaluationReport: Encodable {
    let model: String
    let data: String
    let accuracy: Double
    let meanClassAccuracy: Double
    let loss: Double
    let count: Int

    private enum CodingKeys: String, CodingKey {
        case model, data, accuracy, loss, count
        case meanClassAccuracy = "mean-class-accuracy"
    }
}

extension Prediction {
    /// A line of the list of predictions.
    fileprivate func line(identifier: String) -> String {
        let name =
            identifier.contains(where: { ",\"\n\r".contains($0) })
            ? "\"" + identifier.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : identifier
        return ([name, String(label), String(predicted)] + probabilities.map { "\($0)" }).joined(
            separator: ",")
    }
}
