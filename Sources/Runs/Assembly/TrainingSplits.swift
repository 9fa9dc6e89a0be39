internal import Foundation
package import ImageData
package import ProcessGroups
package import Tensors
internal import Training

/// The data of a run: which samples train, validate and test, the same on every rank.
package struct TrainingSplits {
    package let training: Subset
    package let validation: Subset?
    package let test: Subset?
    /// How images are transformed and normalized in training.
    package let trainingPipeline: ImagePipeline
    /// How images are transformed and normalized in evaluation, and where a method looks at them beforehand.
    package let evaluationPipeline: ImagePipeline
    /// The transforms as the data decided them, with nothing left open.
    let transforms: TransformConfiguration
    /// `[C, H, W]` of every image of a batch.
    package let imageShape: Shape
    /// Images that were left out since they cannot be decoded.
    package let skipped: [SkippedImage]
    /// What was decided for the user, to be said in the log.
    package let choices: [String]
    /// What the user should look at, to be said in the log.
    package let notes: [String]

    /// Opens the files on rank 0, or with `data.local` on the first rank of each host, and selects samples on every rank.
    ///
    /// - Parameters:
    ///   - configuration: The run.
    ///   - digests: Hashes of data files that the folder of the run knows; on rank 0, or nil.
    ///   - group: The ranks.
    /// - Throws: `CollectiveFailure` that names the file, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func open(
        _ configuration: RunConfiguration, digests: FileDigestCache? = nil, group: any ProcessGroup
    ) throws -> TrainingSplits {
        let data = configuration.data
        var opening = try DatasetOpening(data, options: data.datasetOptions(digests: digests), group: group)
        let train = try opening.open(data.train)
        var validation: (any ImageDataset)?
        if case .path(let path) = data.validation { validation = try opening.open(path) }
        let test = try data.test.map { try opening.open($0) }
        let splits = try group.agree { [opening] in
            try TrainingSplits(
                data, train, validation, test, skipped: opening,
                normalization: data.imageNormalization(for: configuration.network.name),
                seed: configuration.training.seed)
        }
        try JobChecks.checkSamples(splits.training, "data.train \(data.train)", group: group)
        if case .path(let path) = data.validation {
            try JobChecks.checkSamples(splits.validation, "data.validation \(path)", group: group)
        }
        if let path = data.test {
            try JobChecks.checkSamples(splits.test, "data.test \(path)", group: group)
        }
        return splits
    }

    private init(
        _ data: DataConfiguration, _ dataset: any ImageDataset, _ validationSet: (any ImageDataset)?,
        _ testSet: (any ImageDataset)?, skipped: DatasetOpening, normalization: ImageData.Normalization,
        seed: UInt64
    ) throws {
        self.skipped = skipped.skipped
        var choices: [String] = []
        var notes = [dataset, validationSet, testSet].flatMap { $0?.notes ?? [] } + skipped.notes
        if data.normalization != nil, dataset.isPrepared {
            throw DataError(
                .setting, path: data.train,
                "holds prepared images, which are used as they are and not normalized; leave data.mean and data.std out"
            )
        }
        let transforms = data.transforms.resolved(for: dataset)
        trainingPipeline = ImagePipeline(
            transform: transforms.makeTrainTransform(for: dataset), normalization: normalization,
            reducesScale: transforms.reducedDecoding)
        let evaluationPipeline = ImagePipeline(
            transform: transforms.makeValidationTransform(), normalization: normalization,
            reducesScale: transforms.reducedDecoding)
        let imageShape = try trainingPipeline.outputShape(of: dataset)
        guard imageShape[0] == 3 else {
            throw DataError(
                .format, path: data.train,
                "images have \(imageShape[0]) channels; networks take 3: store grey images with three equal channels"
            )
        }
        if let size = transforms.imageSize, imageShape[1] != size || imageShape[2] != size {
            throw DataError(
                .setting, path: data.train,
                "images have \(imageShape[1]) rows and \(imageShape[2]) columns, data.image-size is \(size); "
                    + "leave the key out, or set data.train-transform to one that resizes, such as resize"
            )
        }
        // Methods look at the training samples as evaluation does.
        try evaluationPipeline.requireShape(imageShape, of: dataset)
        func evaluated(_ other: any ImageDataset, like training: Subset) throws -> Subset {
            try evaluationPipeline.requireShape(imageShape, of: other)
            return try .evaluation(of: other, classes: data.classes, like: training)
        }
        var training = try Subset.training(
            of: dataset, classes: data.classes, classNames: data.classNames)
        switch data.selection {
        case .all: break
        case .percent(let rate): training = try training.sampled(sampleRate: rate, seed: seed)
        case .samplesPerClass(let count): training = try training.sampled(samplesPerClass: count, seed: seed)
        }
        switch data.validation {
        case .none: validation = nil
        case .path:
            validation = try validationSet.map { try evaluated($0, like: training) }
        case .stratifiedTenth:
            let (kept, taken) = try training.split(seed: seed)
            choices.append(
                "validation: a stratified tenth of \(data.train): \(taken.count) of \(training.count) samples; set data.validation to choose"
            )
            (training, validation) = (kept, taken)
            notes += data.selection.notice(training)
        }
        test = try testSet.map { try evaluated($0, like: training) }
        notes += [validationSet, testSet].compactMap { $0 }.filter {
            $0.isPrepared != dataset.isPrepared
        }.map {
            "\($0.path): \($0.isPrepared ? "holds prepared images, which are used as they are" : "holds images that are transformed and normalized"), and those for training are not: see that both look alike to the network"
        }
        notes += [("data.validation", validation), ("data.test", test)].compactMap { name, split in
            split.flatMap { training.noticeOfSharedImages(with: $0, named: name) }
        }
        self.training = training
        (self.evaluationPipeline, self.imageShape) = (evaluationPipeline, imageShape)
        self.transforms = transforms
        (self.notes, self.choices) = (notes, choices)
    }
}

extension DataConfiguration {
    /// What pixels are normalized by: the configured numbers, or those of the network's training.
    package func imageNormalization(for network: NetworkConfiguration.Name) throws -> ImageData.Normalization
    {
        guard let given = normalization else {
            let own = network.specification.pixelNormalization
            return try ImageData.Normalization(mean: own.mean, standardDeviation: own.standardDeviation)
        }
        func three(_ values: [Double]) -> [Float] {
            (values.count == 1 ? [values[0], values[0], values[0]] : values).map(Float.init)
        }
        return try ImageData.Normalization(
            mean: three(given.mean), standardDeviation: three(given.standardDeviation))
    }
}

extension DataConfiguration {
    /// How files are opened.
    func datasetOptions(digests: FileDigestCache?) -> DatasetOptions {
        DatasetOptions(
            digests: digests, appliesOrientation: appliesOrientation, cacheBytes: cacheBytes,
            threads: max(workers, ComputeThreads.count))
    }
}

extension ImageDataset {
    /// Whether the images are used as they are.
    var isPrepared: Bool { if case .prepared = content { true } else { false } }
}

extension SampleSelection {
    /// How few samples of a class are left to train on, where a validation split was taken from a selection.
    fileprivate func notice(_ training: Subset) -> [String] {
        let counts = training.samplesPerClass
        guard let least = counts.min(), let most = counts.max() else { return [] }
        let left = least == most ? "\(least)" : "\(least) to \(most)"
        let key: String
        switch self {
        case .all: return []
        case .percent(let rate): key = "data.sample-rate \(rate)"
        case .samplesPerClass(let count): key = "data.samples-per-class \(count)"
        }
        return [
            "\(key): a class has \(left) training samples after the validation split took its part; set data.validation to a file or to none to train on all"
        ]
    }
}
