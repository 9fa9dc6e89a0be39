internal import Foundation
package import ImageData
package import ProcessGroups
internal import Training

/// The data of a run: which samples train, validate and test, the same on every rank.
package struct TrainingSplits {
    package let training: Subset
    package let validation: Subset?
    package let test: Subset?
    package let transform: ImageTransform
    package let normalization: ImageData.Normalization
    /// What was decided for the user, to be said in the log.
    package let notes: [String]

    /// Opens the files on every rank and selects samples.
    ///
    /// - Throws: `CollectiveFailure` that names rank and file, on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package static func open(
        _ configuration: RunConfiguration, group: any ProcessGroup
    ) throws -> TrainingSplits {
        let data = configuration.data
        let splits = try group.agree {
            try TrainingSplits(
                data, normalization: data.imageNormalization(for: configuration.network.name),
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

    private init(_ data: DataConfiguration, normalization: ImageData.Normalization, seed: UInt64) throws {
        var notes: [String] = []
        let dataset = try DatasetFile.open(path: data.train, normalization: normalization)
        guard dataset.channels == 3 else {
            throw DataError(
                .format, path: data.train, "images have \(dataset.channels) channels; networks take 3")
        }
        if let size = data.imageSize, dataset.height != size || dataset.width != size {
            throw DataError(
                .setting, path: data.train,
                "images have \(dataset.height) rows and \(dataset.width) columns, data.image-size is \(size); this version does not resize: leave the key out"
            )
        }
        var training = try Subset.training(of: dataset, classes: data.classes)
        switch data.selection {
        case .all: break
        case .percent(let rate): training = try training.sampled(sampleRate: rate, seed: seed)
        case .samplesPerClass(let count): training = try training.sampled(samplesPerClass: count, seed: seed)
        }
        switch data.validation {
        case .none: validation = nil
        case .path(let path):
            let other = try DatasetFile.open(path: path, normalization: normalization)
            validation = try .evaluation(of: other, classes: data.classes, like: training)
        case .stratifiedTenth:
            let (kept, taken) = try training.split(seed: seed)
            notes.append(
                "validation: a stratified tenth of \(data.train): \(taken.count) of \(training.count) samples; set data.validation to choose"
            )
            (training, validation) = (kept, taken)
        }
        test = try data.test.map {
            let other = try DatasetFile.open(path: $0, normalization: normalization)
            return try .evaluation(of: other, classes: data.classes, like: training)
        }
        transform =
            switch data.trainTransform {
            case .none: ImageTransform(padding: 0, horizontalFlip: data.horizontalFlip)
            case .padCrop:
                .padCrop(imageSize: min(dataset.height, dataset.width), horizontalFlip: data.horizontalFlip)
            }
        self.training = training
        self.normalization = normalization
        self.notes = notes
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
