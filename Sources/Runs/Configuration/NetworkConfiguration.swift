package import Layers

/// The section `network`: which network, and the weights it starts from.
package struct NetworkConfiguration: Sendable, Equatable {
    /// The networks of this version.
    package enum Name: String, Sendable, CaseIterable {
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
        /// EfficientNet-Lite, the smallest.
        case efficientNetLite0 = "efficientnet-lite0"
        /// EfficientNet-Lite, 1.1 times as deep.
        case efficientNetLite1 = "efficientnet-lite1"
        /// EfficientNet-Lite, 1.1 times as wide, 1.2 times as deep.
        case efficientNetLite2 = "efficientnet-lite2"
        /// EfficientNet-Lite, 1.2 times as wide, 1.4 times as deep.
        case efficientNetLite3 = "efficientnet-lite3"
        /// EfficientNet-Lite, 1.4 times as wide, 1.8 times as deep.
        case efficientNetLite4 = "efficientnet-lite4"
    }

    /// What stands before the first stage of a residual network.
    package enum Stem: String, Sendable, CaseIterable {
        /// A 7×7 convolution of stride 2 and max pooling.
        case standard
        /// A 3×3 convolution of stride 1, for pictures of 28 to 64 pixels.
        case small
    }

    /// The architecture, key `name`; required.
    package var name: Name
    /// A file of pretrained weights, key `weights`; absolute. Default nil: random initialization.
    package var weights: String?
    /// Channels of the first stage, key `base-width`, residual networks only; at least 1. Default 64.
    package var baseWidth: Int
    /// The layers before the first stage, key `stem`, residual networks only. Default `standard`.
    package var stem: Stem
    /// The statistics of batch normalization, key `batch-norm`. Default `synchronized`.
    package var batchNorm: BatchNormalizationMode

    /// A network of random weights, for a model whose tensors are read or measured elsewhere.
    package init(name: Name, baseWidth: Int = 64, stem: Stem = .standard) {
        (self.name, weights, self.baseWidth, self.stem) = (name, nil, baseWidth, stem)
        batchNorm = .synchronized
    }

    /// Reads the section.
    package init(reading reader: inout SectionReader) throws {
        name = try reader.required("name", .choice)
        weights = try reader.optional("weights", .path(relativeTo: reader.directory))
        if name.isResNet {
            baseWidth = try reader.value("base-width", .integer(.atLeast(1)), default: 64)
            stem = try reader.value("stem", .choice, default: .standard)
        } else {
            reader.keysBelong(to: "network", named: name.rawValue)
            (baseWidth, stem) = (64, .standard)
        }
        batchNorm = try reader.value("batch-norm", .choice, default: .synchronized)
    }

    /// The keys and values of the section.
    package var entries: [YAMLEntry] {
        let ofResNet = [
            YAMLEntry("base-width", .integer(baseWidth)), YAMLEntry("stem", .text(stem.rawValue)),
        ]
        return [YAMLEntry("name", .text(name.rawValue)), YAMLEntry("weights", .optionalText(weights))]
            + (name.isResNet ? ofResNet : []) + [YAMLEntry("batch-norm", .text(batchNorm.rawValue))]
    }
}
