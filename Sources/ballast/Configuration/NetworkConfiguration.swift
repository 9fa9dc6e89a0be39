/// The section `network`: which network, and the weights it starts from.
struct NetworkConfiguration: Sendable, Equatable {
    /// The networks of this version.
    enum Name: String, Sendable, CaseIterable {
        /// Two basic blocks a stage.
        case resnet18
        /// 3, 4, 6 and 3 basic blocks.
        case resnet34
        /// 3, 4, 6 and 3 bottleneck blocks.
        case resnet50
        /// 3, 4, 23 and 3 bottleneck blocks.
        case resnet101
        /// 3, 8, 36 and 3 bottleneck blocks.
        case resnet152
    }

    /// What stands before the first stage.
    enum Stem: String, Sendable, CaseIterable {
        /// A 7×7 convolution of stride 2 and max pooling.
        case standard
        /// A 3×3 convolution of stride 1, for pictures of 28 to 64 pixels.
        case small
    }

    /// Where batch normalization takes its statistics from.
    enum BatchNorm: String, Sendable, CaseIterable {
        /// The global batch.
        case synchronized
        /// The samples of the rank.
        case local
        /// The running statistics of the pretrained weights, which do not move.
        case frozen
    }

    /// The architecture, key `name`; required.
    var name: Name
    /// A file of pretrained weights, key `weights`; absolute. Default nil: random initialization.
    var weights: String?
    /// Channels of the first stage, key `base-width`; at least 1. Default 64.
    var baseWidth: Int
    /// The layers before the first stage, key `stem`. Default `standard`.
    var stem: Stem
    /// The statistics of batch normalization, key `batch-norm`. Default `synchronized`.
    var batchNorm: BatchNorm

    /// A network of random weights, for a model whose tensors are read or measured elsewhere.
    init(name: Name, baseWidth: Int = 64, stem: Stem = .standard) {
        (self.name, weights, self.baseWidth, self.stem) = (name, nil, baseWidth, stem)
        batchNorm = .synchronized
    }

    /// Reads the section.
    init(reading reader: inout SectionReader) throws {
        name = try reader.required("name", .choice)
        weights = try reader.optional("weights", .path(relativeTo: reader.directory))
        baseWidth = try reader.value("base-width", .integer(.atLeast(1)), default: 64)
        stem = try reader.value("stem", .choice, default: .standard)
        batchNorm = try reader.value("batch-norm", .choice, default: .synchronized)
    }

    /// The keys and values of the section.
    var entries: [YAMLEntry] {
        [
            YAMLEntry("name", .text(name.rawValue)),
            YAMLEntry("weights", .optionalText(weights)),
            YAMLEntry("base-width", .integer(baseWidth)),
            YAMLEntry("stem", .text(stem.rawValue)),
            YAMLEntry("batch-norm", .text(batchNorm.rawValue)),
        ]
    }
}
