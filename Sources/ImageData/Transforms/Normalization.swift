/// Mean and standard deviation of each colour, taken off images before a network sees them:
/// `(p / 255 − mean) / standardDeviation`.
public struct Normalization: Sendable, Equatable {
    /// Means of red, green and blue, in 0 … 1.
    public let mean: [Float]
    /// Standard deviations of red, green and blue, in the same unit.
    public let standardDeviation: [Float]

    /// Statistics of the ImageNet training set, which torchvision's weights expect.
    public static let imageNet = Normalization(
        checkedMean: [0.485, 0.456, 0.406], checkedStandardDeviation: [0.229, 0.224, 0.225])

    /// One half each, so that pixels come to lie in -1 … 1, which EfficientNet-Lite's weights expect.
    public static let symmetric = Normalization(
        checkedMean: [0.5, 0.5, 0.5], checkedStandardDeviation: [0.5, 0.5, 0.5])

    private init(checkedMean: [Float], checkedStandardDeviation: [Float]) {
        mean = checkedMean
        standardDeviation = checkedStandardDeviation
    }

    /// Statistics of three colours.
    ///
    /// - Throws: `DataError` of kind `setting` unless there are three finite values each and the deviations
    ///   are positive.
    public init(mean: [Float], standardDeviation: [Float]) throws(DataError) {
        guard mean.count == 3, mean.allSatisfy(\.isFinite) else {
            throw DataError(.setting, path: "", "mean \(mean): expected three numbers, one a colour")
        }
        guard standardDeviation.count == 3, standardDeviation.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw DataError(
                .setting, path: "", "std \(standardDeviation): expected three positive numbers, one a colour")
        }
        self.init(checkedMean: mean, checkedStandardDeviation: standardDeviation)
    }

    /// What each of the 256 byte values becomes in one colour, computed in 32 bits as torchvision does.
    func table(channel: Int) -> [Float] {
        (0..<256).map { (Float($0) / 255 - mean[channel]) / standardDeviation[channel] }
    }
}

/// Normalizes images by looking their pixels up.
struct PixelNormalizer: Sendable {
    /// What each byte becomes, one table a colour.
    private let tables: [[Float]]

    init(_ normalization: Normalization) {
        tables = (0..<3).map { normalization.table(channel: $0) }
    }

    /// Writes an image as `[3, H, W]`, row-major; grey becomes three colours.
    func write(_ image: PixelImage, to values: inout MutableSpan<Float>) {
        let count = image.size.height * image.size.width
        precondition(values.count == 3 * count, "\(values.count) values for three colours of \(image.size)")
        let (pixels, step) = (image.pixels.span, image.channels)
        for (colour, table) in tables.enumerated() {
            var source = step == 1 ? 0 : colour
            let table = table.span
            for target in colour * count..<(colour + 1) * count {
                values[target] = table[Int(pixels[source])]
                source += step
            }
        }
    }
}
