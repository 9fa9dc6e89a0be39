/// The names that torchvision gives to the tensors of its residual networks, and their shapes, written out
/// apart from the code under test.
struct TorchvisionNames {
    let blocks: [Int]
    let isBottleneck: Bool
    var baseWidth = 64
    var firstKernel = 7

    struct Entry: Equatable {
        let name: String
        let dimensions: [Int]

        init(_ name: String, _ dimensions: [Int]) { (self.name, self.dimensions) = (name, dimensions) }
    }

    var parameters: [Entry] {
        var entries = [Entry("conv1.weight", [baseWidth, 3, firstKernel, firstKernel])]
        entries += normalization("bn1", baseWidth)
        var inputs = baseWidth
        for stage in 0..<4 {
            let width = baseWidth * [1, 2, 4, 8][stage]
            let outputs = isBottleneck ? 4 * width : width
            for block in 0..<blocks[stage] {
                let prefix = "layer\(stage + 1).\(block)."
                if isBottleneck {
                    entries.append(.init(prefix + "conv1.weight", [width, inputs, 1, 1]))
                    entries += normalization(prefix + "bn1", width)
                    entries.append(.init(prefix + "conv2.weight", [width, width, 3, 3]))
                    entries += normalization(prefix + "bn2", width)
                    entries.append(.init(prefix + "conv3.weight", [outputs, width, 1, 1]))
                    entries += normalization(prefix + "bn3", outputs)
                } else {
                    entries.append(.init(prefix + "conv1.weight", [width, inputs, 3, 3]))
                    entries += normalization(prefix + "bn1", width)
                    entries.append(.init(prefix + "conv2.weight", [width, width, 3, 3]))
                    entries += normalization(prefix + "bn2", width)
                }
                // A shortcut changes the extents only in a stage's first block; with basic blocks the first
                // stage changes nothing.
                if block == 0, stage > 0 || isBottleneck {
                    entries.append(.init(prefix + "downsample.0.weight", [outputs, inputs, 1, 1]))
                    entries += normalization(prefix + "downsample.1", outputs)
                }
                inputs = outputs
            }
        }
        return entries
    }

    private func normalization(_ name: String, _ channels: Int) -> [Entry] {
        [.init(name + ".weight", [channels]), .init(name + ".bias", [channels])]
    }
}
