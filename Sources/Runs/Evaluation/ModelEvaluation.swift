package import ImageData
package import ProcessGroups
internal import Reports
internal import Training

/// Evaluates a saved model on a data set.
package struct ModelEvaluation {
    /// The folder of a run, or a `model.safetensors`.
    package var model: String
    /// The data set.
    package var data: String
    /// Classes of the data that are the model's classes, in order; empty: those that it was trained on.
    package var classes: [ClassReference]
    /// A CSV file for the prediction of each sample.
    package var predictions: String?
    /// An HTML file for a page of the result.
    package var report: String?
    /// Whether the probabilities of ten crops of each image are averaged.
    package var tenCrop: Bool

    /// An evaluation from its options.
    package init(
        model: String, data: String, classes: [String], predictions: String?, report: String? = nil,
        tenCrop: Bool = false
    ) {
        (self.model, self.data) = (model, data)
        (self.predictions, self.report) = (predictions, report)
        self.classes = classes.map { text in Int(text).map { .label($0) } ?? .name(text) }
        self.tenCrop = tenCrop
    }

    /// Evaluates, and writes the list of predictions and the page.
    ///
    /// - Returns: The result over the samples of all ranks, the same on every rank.
    /// - Throws: `CollectiveFailure`, on every rank; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func run(_ group: any ProcessGroup) throws -> EvaluationReport {
        try group.coordinate { () throws -> Void in try requireOutputs() }
        let model = try SavedModel(model, group: group)
        let pipelines = try group.agree { try model.pipelines(tenCrop: tenCrop) }
        let options = model.datasetOptions
        let dataset = try SharedReading(group).dataset(options) {
            let dataset = try DatasetFile.open(path: data, options: options)
            try (dataset as? PhotographDataset)?.requireUsable()
            return dataset
        }
        let subset = try group.agree { try samples(of: dataset, model, pipelines) }
        try JobChecks.checkSamples(subset, "--data \(data)", group: group)
        let views = try group.agree {
            try pipelines.map { pipeline in
                try EvaluationLoader(
                    subset: subset, pipeline: pipeline, batchSize: Evaluator.batchSize,
                    shard: Shard(rank: group.rank, size: group.size))
            }
        }
        let evaluation = try evaluate(model, subset, views: views, group)
        return EvaluationReport(model: model.path, data: data, evaluation: evaluation)
    }

    /// The files that the user named, before the work that leads to them. On rank 0.
    private func requireOutputs() throws {
        for output in [predictions, report].compactMap(\.self) {
            try WriteAccess.requireFile(output, apartFrom: SavedModel.files(model) + [data])
        }
        if let predictions, let report { try WriteAccess.requireDistinct(report, predictions) }
    }

    /// Collective, as `run`.
    private func evaluate(
        _ model: SavedModel, _ subset: Subset, views: [EvaluationLoader], _ group: any ProcessGroup
    ) throws -> Evaluation {
        var table = PredictionTable(
            ["sample", "label", "prediction"], classCount: model.description.classNames.count)
        var observed: ObservedEvaluation? =
            report == nil
            ? nil
            : ObservedEvaluation(
                of: "evaluation", sampleCount: subset.count, featureCount: ReportRecord.Limits.points)
        let evaluation = try Evaluator(views: views, group: group).evaluate(
            model.classifier, recording: &observed
        ) { prediction in
            if predictions != nil {
                table.add(
                    [
                        subset.identifier(prediction.position), String(prediction.label),
                        prediction.isFinite ? String(prediction.predicted) : "",
                    ], prediction.probabilities)
            }
        }
        if let predictions { try table.write(to: predictions, group: group) }
        if let report, let observed {
            let page = EvaluationPage(model: self.model, saved: model, data: data, viewCount: views.count)
            try page.write(to: report, evaluation, observed, of: subset, group: group)
        }
        return evaluation
    }

    /// The samples as the model was trained to see them.
    private func samples(
        of dataset: any ImageDataset, _ model: SavedModel, _ pipelines: [ImagePipeline]
    ) throws -> Subset {
        guard !tenCrop || !dataset.isPrepared else {
            throw UsageError(
                "--ten-crop crops pictures, but \(data) holds prepared images, which are used as they are: leave --ten-crop out"
            )
        }
        for pipeline in pipelines { try model.requireSize(of: dataset, pipeline) }
        let description = model.description
        let kept = classes.isEmpty ? description.classes : classes
        if let kept, kept.count != description.classNames.count {
            throw UsageError(
                "--classes lists \(kept.count) classes, the model has \(description.classNames.count) classes: \(description.classNames.joined(separator: ", "))"
            )
        }
        return try .evaluation(of: dataset, classes: kept, classNames: description.classNames)
    }
}

/// How well a model does.
package struct EvaluationReport: Encodable {
    private let model: String
    private let data: String
    @FiniteOrNull private var accuracy: Double
    @FiniteOrNull private var meanClassAccuracy: Double
    @FiniteOrNull private var loss: Double
    private let count: Int

    /// For a person, on one line.
    package let text: String

    private enum CodingKeys: String, CodingKey {
        case model, data, accuracy, loss, count
        case meanClassAccuracy = "mean-class-accuracy"
    }

    init(model: String, data: String, evaluation: Evaluation) {
        (self.model, self.data, text) = (model, data, evaluation.summary)
        accuracy = evaluation.accuracy
        meanClassAccuracy = evaluation.meanClassAccuracy
        (loss, count) = (evaluation.loss, evaluation.count)
    }

    /// What a person must know before they use the numbers; nil: nothing.
    package var notice: String? {
        guard !loss.isFinite else { return nil }
        return
            "\(model): its outputs are not finite for some samples of \(data), which count as wrong: the model comes from a run that diverged, or these images are not what it was trained for"
    }

    /// One JSON object; a loss that is not finite is null.
    package func json() throws -> String { try JSONText.of(self) }
}
