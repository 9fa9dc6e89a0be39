public import Layers
public import Tensors

/// What there is to know about a network before it is made.
public struct NetworkSpecification: Sendable {
    /// Names of the stages, by which configurations choose taps.
    public let stageNames: [String]
    /// What the pixels were normalized by that published weights were trained on.
    public let pixelNormalization: PixelNormalization
    /// Rows and columns of the images that published weights were trained on.
    public let imageSize: Int
    /// The smallest `NetworkOptions.baseWidth`; nil where the option does not belong to the network.
    public let smallestBaseWidth: Int?
    /// Whether `NetworkOptions.stem` belongs to the network.
    public let hasStem: Bool
    /// Under which names the network's layers are published; first its own.
    public let namings: [LayerNaming]
    private let make: @Sendable (NetworkOptions) -> StagedNetwork

    init(
        stageNames: [String], pixelNormalization: PixelNormalization, imageSize: Int,
        smallestBaseWidth: Int? = nil, hasStem: Bool = false, namings: [LayerNaming],
        make: @escaping @Sendable (NetworkOptions) -> StagedNetwork
    ) {
        (self.stageNames, self.pixelNormalization) = (stageNames, pixelNormalization)
        (self.imageSize, self.smallestBaseWidth, self.hasStem) = (imageSize, smallestBaseWidth, hasStem)
        (self.namings, self.make) = (namings, make)
    }

    /// The network, its convolutions zero until they are initialized or loaded. Options that do not belong to it
    /// are left alone.
    public func makeBackbone(_ options: NetworkOptions = NetworkOptions()) -> any Backbone {
        precondition(
            options.baseWidth >= smallestBaseWidth ?? .min,
            "base width \(options.baseWidth), at least \(smallestBaseWidth ?? 1) expected")
        let network = make(options)
        (network.precision, network.isRecomputed) = (options.precision, options.isRecomputed)
        return network
    }
}

/// How a network may differ from the published one of its name.
public struct NetworkOptions: Sendable, Equatable {
    /// Channels of the first stage of a residual network; 64 in published weights.
    public var baseWidth: Int
    /// How a residual network begins.
    public var stem: NetworkStem
    /// What feature maps are rounded to: see `StagedNetwork.precision`.
    public var precision: ElementType
    /// Whether activations are computed again instead of kept: see `StagedNetwork.isRecomputed`.
    public var isRecomputed: Bool

    /// The options of published weights, unless said otherwise.
    public init(
        baseWidth: Int = 64, stem: NetworkStem = .standard, precision: ElementType = .float32,
        isRecomputed: Bool = false
    ) {
        (self.baseWidth, self.stem, self.precision) = (baseWidth, stem, precision)
        self.isRecomputed = isRecomputed
    }
}

/// How a residual network begins; raw values are configurations' names.
public enum NetworkStem: String, CaseIterable, Sendable {
    /// 7×7 convolution of stride 2, then max pooling of stride 2: for pictures of about 224 pixels.
    case standard
    /// 3×3 convolution of stride 1, no pooling: for 28 to 64 pixels.
    case small
}

/// What is taken off pixels in [0, 1] before a network sees them: `(p − mean) / standardDeviation`, a number a
/// color, red first.
public struct PixelNormalization: Sendable, Equatable {
    /// Means of red, green and blue.
    public let mean: [Float]
    /// Standard deviations of red, green and blue.
    public let standardDeviation: [Float]

    /// Statistics of the ImageNet training set, which torchvision's weights expect.
    public static let imageNet = PixelNormalization(
        mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])

    /// One half each, so that pixels come to lie in [−1, 1], which TensorFlow's weights expect.
    public static let symmetric = PixelNormalization(
        mean: [0.5, 0.5, 0.5], standardDeviation: [0.5, 0.5, 0.5])
}
