internal import Foundation
package import ImageData
package import Layers
package import ModelFiles
package import Tensors

/// What a saved model says of itself in the header of its file, so that it can be used without its run.
package struct ModelDescription: Codable, Equatable {
    /// Name of the network, as in a configuration.
    package var network: String
    /// Channels of the first stage; residual networks only.
    package var baseWidth: Int?
    /// How the network begins, as in a configuration; residual networks only.
    package var stem: String?
    /// A name for each class, in the order of the logits.
    package var classNames: [String]
    /// Classes of the training data that were kept, in the order of the logits; nil for all.
    package var classes: [ClassReference]?
    /// Channels, rows and columns of the images that the model was trained on.
    package var imageSize: [Int]
    /// Means of red, green and blue that pixels in [0, 1] are normalized by.
    package var mean: [Float]
    /// Their standard deviations.
    package var standardDeviation: [Float]
    /// What happens to an image in evaluation, as in a configuration; nil: nothing.
    package var validationTransform: String?
    /// How pixels are weighted where images are resized, as in a configuration; nil where they are not.
    package var interpolation: String?
    /// Whether photographs were turned as their EXIF data say; nil: they were not.
    private var isTurnedByEXIF: Bool?
    /// What its feature maps were rounded to in training, and are in evaluation, as in a configuration; nil: nothing is
    /// rounded. The weights are 32-bit floats whatever it says.
    private var roundedTo: String?

    /// Key of the description in the file's metadata.
    private static let key = "ballast"
    /// Names of a hundred thousand classes take less.
    private static let largestText = 16 << 20

    /// What its feature maps hold; 32-bit floats where a description names what this version does not know.
    package var precision: ElementType {
        get { roundedTo.flatMap(ElementType.init(rawValue:)) ?? .float32 }
        set { roundedTo = newValue == .float32 ? nil : newValue.rawValue }
    }

    /// Whether photographs are turned as their EXIF data say before anything else is done to them.
    package var appliesOrientation: Bool {
        get { isTurnedByEXIF ?? false }
        set { isTurnedByEXIF = newValue ? true : nil }
    }

    private enum CodingKeys: String, CodingKey {
        case network, baseWidth, stem, classNames, classes, imageSize, mean, standardDeviation
        case validationTransform, interpolation
        case isTurnedByEXIF = "appliesOrientation"
        case roundedTo = "precision"
    }

    /// Strings for the header; `format` is what Python's readers look at.
    package func metadata() throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return ["format": "pt", Self.key: String(decoding: try encoder.encode(self), as: UTF8.self)]
    }

    /// The model of a run.
    init(_ configuration: RunConfiguration, _ splits: TrainingSplits) {
        self.init(
            network: configuration.network, classNames: splits.training.classNames,
            classes: configuration.data.classes, imageSize: splits.imageShape.dimensions,
            normalization: splits.trainingPipeline.normalization)
        appliesOrientation = configuration.data.appliesOrientation
        guard let validation = splits.transforms.validation, validation != .none else { return }
        validationTransform = validation.rawValue
        interpolation = splits.transforms.interpolation.rawValue
    }

    /// A model from what has to be known of it.
    package init(
        network: NetworkConfiguration, classNames: [String], classes: [ClassReference]?,
        imageSize: [Int], normalization: ImageData.Normalization
    ) {
        self.network = network.name.rawValue
        let specification = network.name.specification
        if specification.smallestBaseWidth != nil { baseWidth = network.baseWidth }
        if specification.hasStem { stem = network.stem.rawValue }
        (self.classNames, self.classes) = (classNames, classes)
        self.imageSize = imageSize
        (mean, standardDeviation) = (normalization.mean, normalization.standardDeviation)
    }

    /// Reads the description of a model that Ballast wrote.
    package init(_ file: SafetensorsFile) throws {
        guard let text = file.metadata[Self.key] else {
            throw UsageError(
                "\(file.path): does not say which network it is; give a run's folder or a model.safetensors that 'ballast train' wrote"
            )
        }
        guard text.utf8.count <= Self.largestText else {
            throw DataError(
                .format, path: file.path,
                "has a description of \(text.utf8.count) bytes; expected at most \(Self.largestText)")
        }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
        } catch {
            throw DataError(
                .format, path: file.path, "cannot read its description of the model: \(text.excerpt)")
        }
    }

    /// The network with its head, their tensors zero.
    package func makeClassifier(_ path: String) throws -> Classifier {
        Classifier(backbone: try makeBackbone(path), classCount: classNames.count)
    }

    /// The network, its tensors zero.
    func makeBackbone(_ path: String) throws -> any Backbone { try networkConfiguration(path).makeBackbone() }

    /// Which network it is.
    ///
    /// - Throws: `UsageError` where this version does not know it.
    func networkConfiguration(_ path: String) throws -> NetworkConfiguration {
        guard let name = NetworkConfiguration.Name(rawValue: network),
            let stem = NetworkConfiguration.Stem(rawValue: stem ?? "standard"),
            baseWidth ?? 64 >= name.specification.smallestBaseWidth ?? 1,
            !classNames.isEmpty
        else {
            throw UsageError(
                "\(path): describes a network '\(network.prefix(80))' that this version does not know")
        }
        var configuration = NetworkConfiguration(name: name, baseWidth: baseWidth ?? 64, stem: stem)
        configuration.precision = precision
        return configuration
    }
}
