package import Layers
package import Networks
package import Tensors

/// The section `network`: which network, and the weights it starts from.
package struct NetworkConfiguration: Sendable, Equatable {
    /// The networks of this version.
    package typealias Name = NetworkName

    /// What stands before the first stage of a residual network.
    package typealias Stem = NetworkStem

    /// The architecture, key `name`; required.
    package var name: Name
    /// A file of pretrained weights, key `weights`; absolute. Default nil: random initialization.
    package var weights: String?
    /// Channels of the first stage, key `base-width`, residual networks only; 1 … 4096. Default 64.
    package var baseWidth: Int
    /// The layers before the first stage, key `stem`, residual networks only. Default `standard`.
    package var stem: Stem
    /// The statistics of batch normalization, key `batch-norm`. Default `synchronized`.
    package var batchNorm: BatchNormalizationMode
    /// What the new head starts from, key `head-initialization`; `linear-probe` needs `weights`. Default `normal`.
    package var headInitialization: HeadInitialization
    /// What its feature maps hold. No key of this section: see `training.precision`, which depends on the hosts.
    package var precision = ElementType.float32
    /// What is computed again in the backward pass. No key of this section: see `training.recompute`.
    package var recomputation = Recomputation.none

    /// Sixty-four times the usual width.
    package static let largestBaseWidth = 4096

    /// A network of random weights, for a model whose tensors are read or measured elsewhere.
    package init(name: Name, baseWidth: Int = 64, stem: Stem = .standard) {
        (self.name, weights, self.baseWidth, self.stem) = (name, nil, baseWidth, stem)
        (batchNorm, headInitialization) = (.synchronized, .normal)
    }

    /// Reads the section.
    package init(reading reader: inout SectionReader) throws {
        name = try reader.required("name", .choice)
        weights = try reader.optional("weights", .path(relativeTo: reader.directory))
        let specification = name.specification
        (baseWidth, stem) = (64, .standard)
        if specification.smallestBaseWidth == nil || !specification.hasStem {
            reader.keysBelong(to: "network", named: name.rawValue)
        }
        if let smallest = specification.smallestBaseWidth {
            baseWidth = try reader.value(
                "base-width", .integer(.atLeast(smallest, atMost: Self.largestBaseWidth)), default: 64)
        }
        if specification.hasStem {
            stem = try reader.value("stem", .choice, default: .standard)
        }
        batchNorm = try reader.value("batch-norm", .choice, default: .synchronized)
        headInitialization = try reader.value("head-initialization", .choice, default: .normal)
        if headInitialization == .linearProbe, weights == nil {
            throw reader.error(
                at: "head-initialization",
                "is linear-probe, a regression on pretrained features; set network.weights to a file, or leave it out"
            )
        }
    }

    /// The keys and values of the section.
    package var entries: [YAMLEntry] {
        let specification = name.specification
        let ofFamily =
            (specification.smallestBaseWidth == nil ? [] : [YAMLEntry("base-width", .integer(baseWidth))])
            + (specification.hasStem ? [YAMLEntry("stem", .text(stem.rawValue))] : [])
        return [YAMLEntry("name", .text(name.rawValue)), YAMLEntry("weights", .optionalText(weights))]
            + ofFamily + [
                YAMLEntry("batch-norm", .text(batchNorm.rawValue)),
                YAMLEntry("head-initialization", .text(headInitialization.rawValue)),
            ]
    }
}

/// What a new head starts from.
package enum HeadInitialization: String, Sendable, CaseIterable {
    /// Random weights from N(0, 0.01²).
    case normal
    /// The linear probe of the pretrained features.
    case linearProbe = "linear-probe"
}

extension NetworkName {
    /// Names of the stages, by which `method.taps` chooses.
    package var stageNames: [String] { specification.stageNames }
}

extension NetworkConfiguration {
    /// The network that the section describes, its convolutions zero.
    package func makeBackbone() -> any Backbone {
        name.specification.makeBackbone(
            NetworkOptions(
                baseWidth: baseWidth, stem: stem, precision: precision, isRecomputed: recomputation == .stages
            ))
    }
}
