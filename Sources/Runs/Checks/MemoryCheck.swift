internal import Hosts
internal import Layers
internal import Networks
package import ProcessGroups
package import Tensors

/// Whether what was asked for can be held in memory at all, found out before any of it is allocated: the system ends a
/// process that takes more than there is, without a word.
///
/// All numbers are lower bounds. What is refused here cannot run; what passes may still be too much, which `doctor`
/// measures.
package struct MemoryCheck {
    /// Bytes that a process can have; 0 where that is not known.
    private let memory: Int64
    /// Processes that share them.
    private let rankCount: Int
    /// Whether rank 0 is one of them.
    let isHostOfFirstRank: Bool

    /// A check against the memory of this host.
    ///
    /// - Parameter isStrict: Whether only what is free now counts.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package init(_ group: any ProcessGroup, isStrict: Bool = false) throws {
        let hosts = try group.allGatherTexts(HostName.current)
        let host = HostMemory.current()
        self.init(
            memory: isStrict ? min(host.usable, host.available) : host.usable,
            rankCount: hosts.count { $0 == hosts[group.rank] },
            isHostOfFirstRank: hosts[0] == hosts[group.rank])
    }

    /// A check against given numbers.
    package init(memory: Int64, rankCount: Int = 1, isHostOfFirstRank: Bool = true) {
        (self.memory, self.rankCount, self.isHostOfFirstRank) = (memory, rankCount, isHostOfFirstRank)
    }

    /// Throws where a network's own numbers do not fit.
    ///
    /// - Parameter readsWeights: Whether a rank of this host reads its weights from a file: it holds all of them beside
    ///   its network until the last one is known to be good. Where steps follow, those need more.
    /// - Throws: `UsageError` (64).
    package func require(
        _ network: NetworkConfiguration, classCount: Int, readsWeights: Bool = false
    ) throws(UsageError) {
        let size = NetworkSize(network, classCount: classCount)
        try require(
            4 * size.parameterCount, once: readsWeights ? 4 * size.backboneCount : 0,
            "\(network.name.rawValue) of base width \(network.baseWidth) with \(classCount) classes",
            "choose a smaller network.base-width or network.name, or look at the labels of the data")
    }

    /// Throws where a step of training does not fit: parameters, their gradients and momenta, and what the backward pass
    /// needs of every image.
    ///
    /// What the reader of weights holds twice is given back before, and is less than its gradients and momenta.
    ///
    /// - Parameters:
    ///   - imageShape: `[3, H, W]`.
    ///   - images: Images of a micro-batch on a rank.
    ///   - heldImages: Images that are in memory at once, more than those of a micro-batch where they were read ahead.
    ///   - precision: What feature maps hold.
    ///   - recomputation: What is not kept of them.
    ///   - remedy: What to change.
    /// - Throws: `UsageError` (64); what a forward pass throws.
    package func requireStep(
        _ network: NetworkConfiguration, classCount: Int, imageShape: Shape, images: Int,
        heldImages: Int? = nil, precision: ElementType = .float32,
        recomputation: Recomputation = .none, remedy: String
    ) throws {
        let bytes = try Self.stepBytes(
            network, classCount: classCount, imageShape: imageShape, images: images, heldImages: heldImages,
            precision: precision, recomputation: recomputation)
        try require(
            bytes, "a step of \(images) images of \(imageShape) a rank through \(network.name.rawValue)",
            remedy)
    }

    /// Bytes that a step of training takes at least; parameters as for `requireStep`.
    ///
    /// - Throws: What a forward pass throws.
    static func stepBytes(
        _ network: NetworkConfiguration, classCount: Int, imageShape: Shape, images: Int, heldImages: Int?,
        precision: ElementType, recomputation: Recomputation
    ) throws -> Double {
        let size = NetworkSize(network, classCount: classCount)
        let pixels = Double(imageShape[1]) * Double(imageShape[2])
        let perImage = try size.outputsPerPixel(recomputation) * pixels
        return 12 * size.parameterCount + Double(precision.byteCount) * Double(images) * perImage
            + 12 * Double(heldImages ?? images) * pixels
    }

    /// Throws where so many numbers of 32 bits do not fit.
    ///
    /// - Throws: `UsageError` (64).
    package func require(numbers: Double, _ what: String, remedy: String) throws(UsageError) {
        try require(4 * numbers, what, remedy)
    }

    /// - Parameters:
    ///   - bytes: What every rank needs.
    ///   - once: What one rank of this host needs besides.
    private func require(
        _ bytes: Double, once: Double = 0, _ what: String, _ remedy: String
    ) throws(UsageError) {
        guard memory > 0, bytes * Double(rankCount) + once > Double(memory) else { return }
        func shown(_ bytes: Double) -> String { Units.bytes(Int64(min(bytes, 0x1p62))) }
        let ranks = rankCount == 1 ? "" : " for each of the \(rankCount) ranks of this host"
        let reading = once > 0 ? " and \(shown(once)) while its weights are read" : ""
        throw UsageError(
            "\(what) takes at least \(shown(bytes)) of memory\(ranks)\(reading), of \(shown(Double(memory))); \(remedy)"
        )
    }
}

extension MemoryCheck {
    /// Throws where a step of a run does not fit.
    ///
    /// - Parameter holdsWholeSteps: Whether the images of two whole steps are read ahead.
    /// - Throws: `UsageError` (64).
    package func requireStep(
        of configuration: RunConfiguration, classCount: Int, imageShape: Shape, groupSize: Int,
        holdsWholeSteps: Bool = false
    ) throws {
        let training = configuration.training
        let share = { (count: Int) in (count + groupSize - 1) / groupSize }
        let images = share(training.globalBatch / max(1, training.accumulation))
        try requireStep(
            configuration.network, classCount: classCount, imageShape: imageShape, images: images,
            heldImages: holdsWholeSteps ? 2 * share(training.globalBatch) : images,
            // A lower bound: `auto` may choose either.
            precision: training.precision == .float32 ? .float32 : .bfloat16,
            recomputation: training.recompute,
            remedy: (training.recompute == .none ? "set training.recompute: stages, " : "set ")
                + "a smaller training.global-batch, a larger training.accumulation, a smaller data.image-size or "
                + "network.base-width, or start ranks on more hosts")
    }
}

/// About how large a network is, without making it: a small one of the same layers is looked at.
private struct NetworkSize {
    /// Numbers of the network without its head.
    let backboneCount: Double
    /// Numbers of the network with its head.
    let parameterCount: Double

    private let backbone: any Backbone
    /// How many times as wide the network is as the one that is looked at.
    private let growth: Double

    /// Rows and columns of the image that is looked at.
    private static let side = 64

    init(_ network: NetworkConfiguration, classCount: Int) {
        let specification = network.name.specification
        let smallest = specification.smallestBaseWidth
        backbone = specification.makeBackbone(
            NetworkOptions(baseWidth: smallest ?? network.baseWidth, stem: network.stem))
        growth = smallest.map { Double(network.baseWidth) / Double($0) } ?? 1
        // Only kernels grow with the square of the width.
        let kernels = backbone.parameters.dropFirst().filter { $0.shape.rank == 4 }
        backboneCount = growth * growth * kernels.reduce(0) { $0 + Double($1.shape.count) }
        parameterCount = backboneCount + Double(classCount) * Double(backbone.featureCount) * growth
    }

    /// Numbers that are needed until the backward pass, of an image, by its pixels: what all convolutions together make
    /// of it, or where blocks are recomputed, all blocks.
    func outputsPerPixel(_ recomputation: Recomputation) throws -> Double {
        let layers =
            switch recomputation {
            case .none: backbone.layerNames.filter { backbone.channelCount(of: $0) != nil }
            case .stages: backbone.blockNames
            }
        let image = Variable(Tensor(repeating: 0, [1, 3, Self.side, Self.side]))
        let outputs = try backbone.features(image, .inference, observing: layers).outputs
        let count = outputs.reduce(0) { $0 + $1.value.shape.count }
        return growth * Double(count) / Double(Self.side * Self.side)
    }
}

extension Backbone {
    /// Layers that consist of convolutions.
    fileprivate var blockNames: [String] {
        let convolutions = layerNames.filter { channelCount(of: $0) != nil }
        return layerNames.filter { name in
            convolutions.contains { convolution in
                guard convolution.hasPrefix(name + ".") else { return false }
                // A stage consists of blocks.
                return !layerNames.contains {
                    $0.count > name.count && $0.hasPrefix(name + ".") && convolution.hasPrefix($0 + ".")
                }
            }
        }
    }
}
