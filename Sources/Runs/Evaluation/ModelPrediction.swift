internal import ImageData
package import ProcessGroups
internal import Training

/// Classifies images that have no labels.
package struct ModelPrediction {
    /// The folder of a run, or a `model.safetensors`.
    package var model: String
    /// The images.
    package var data: [String]
    /// A CSV file; nil: the table is returned.
    package var output: String?

    /// A prediction from its options.
    package init(model: String, data: [String], output: String?) {
        (self.model, self.data, self.output) = (model, data, output)
    }

    /// Classifies, each image on one rank.
    ///
    /// - Returns: The table as CSV where it goes to no file: path, name of the most probable class, and a probability
    ///   for each class, in order of the images; the same on every rank.
    /// - Throws: `CollectiveFailure`, on every rank; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func run(_ group: any ProcessGroup) throws -> String? {
        if let output {
            try group.coordinate { () throws -> Void in
                try WriteAccess.requireFile(output, apartFrom: SavedModel.files(self.model) + data)
            }
        }
        let model = try SavedModel(model, group: group)
        let classNames = model.description.classNames
        let pipeline = try group.agree { try model.pipelines()[0] }
        let options = model.datasetOptions
        let images = try SharedReading(group).dataset(options) {
            try UnlabelledImages.open(paths: data, options: options)
        }
        let subset = try group.agree {
            try model.requireSize(of: images, pipeline)
            return try Subset.evaluation(of: images, classNames: classNames)
        }
        try JobChecks.checkSamples(subset, "--data \(data.joined(separator: " "))", group: group)
        let loader = try group.agree {
            try EvaluationLoader(
                subset: subset, pipeline: pipeline, batchSize: Evaluator.batchSize,
                shard: Shard(rank: group.rank, size: group.size))
        }
        var table = PredictionTable(["path", "class"], classCount: classNames.count)
        try group.agree {
            try Evaluator(loader, group: group).predict(model.classifier) { prediction in
                guard prediction.isFinite else {
                    throw DataError(
                        .format, path: model.path,
                        "its outputs for \(subset.identifier(prediction.position)) are not finite, so that the image has no class: the model comes from a run that diverged, or the image is not of the kind that it was trained for"
                    )
                }
                table.add(
                    [subset.identifier(prediction.position), classNames[prediction.predicted]],
                    prediction.probabilities)
            }
        }
        guard let output else { return String(decoding: try table.gathered(over: group), as: UTF8.self) }
        try table.write(to: output, group: group)
        return nil
    }
}
