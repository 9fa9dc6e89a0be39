internal import Foundation
internal import Tensors

/// Crops images to a part of random area, shape and place: the crop of torchvision's `RandomResizedCrop`.
///
/// `Resize` follows it:
///
///     ComposedTransform([RandomResizedCrop(), Resize(to: ImageSize(height: 224, width: 224))])
///
/// The area is uniform in `scale`, the logarithm of width / height uniform between those of `ratio`. Of ten tries
/// the first that fits is taken, else the largest central part whose shape lies in `ratio`.
///
/// Source: Szegedy et al., "Going deeper with convolutions", CVPR 2015.
public struct RandomResizedCrop: RegionTransform {
    /// Bounds of the part's area over that of the image.
    public let scale: ClosedRange<Float>
    /// Bounds of the part's width over its height.
    public let ratio: ClosedRange<Float>

    private static let tries = 10

    /// A crop with bounds, which must be positive, those of the scale at most 1.
    public init(scale: ClosedRange<Float> = 0.08...1, ratio: ClosedRange<Float> = 3 / 4...4 / 3) {
        precondition(scale.lowerBound > 0 && scale.upperBound <= 1, "areas of \(scale) of an image")
        precondition(ratio.lowerBound > 0 && ratio.upperBound.isFinite, "shapes of \(ratio)")
        (self.scale, self.ratio) = (scale, ratio)
    }

    /// Differs from image to image.
    public func outputSize(for input: ImageSize?) -> ImageSize? { nil }

    /// The part that the key says.
    public func region(of size: ImageSize, key: AugmentationKey) -> PixelRegion {
        var random = key.random(1)
        let area = Double(size.height) * Double(size.width)
        let logarithms = Foundation.log(ratio.lowerBound)...Foundation.log(ratio.upperBound)
        for _ in 0..<Self.tries {
            let target = area * Double(random.uniform(in: scale))
            let shape = Double(Foundation.exp(random.uniform(in: logarithms)))
            let width = Self.rounded((target * shape).squareRoot())
            let height = Self.rounded((target / shape).squareRoot())
            guard 1...size.width ~= width, 1...size.height ~= height else { continue }
            let top = random.integer(below: size.height - height + 1)
            let left = random.integer(below: size.width - width + 1)
            return PixelRegion(top: top, left: left, size: ImageSize(height: height, width: width))
        }
        return central(size)
    }

    /// The largest part in the middle whose shape lies within the bounds.
    func central(_ size: ImageSize) -> PixelRegion {
        let shape = Double(size.width) / Double(size.height)
        var (height, width) = (size.height, size.width)
        if shape < Double(ratio.lowerBound) {
            height = min(max(Self.rounded(Double(width) / Double(ratio.lowerBound)), 1), size.height)
        } else if shape > Double(ratio.upperBound) {
            width = min(max(Self.rounded(Double(height) * Double(ratio.upperBound)), 1), size.width)
        }
        return PixelRegion(
            top: (size.height - height) / 2, left: (size.width - width) / 2,
            size: ImageSize(height: height, width: width))
    }

    /// Half to even, as Python rounds.
    private static func rounded(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }
}

extension KeyedRandom {
    /// A number of the range, which may be a single one. Takes one word.
    mutating func uniform(in range: ClosedRange<Float>) -> Float {
        guard range.lowerBound < range.upperBound else {
            _ = next()
            return range.lowerBound
        }
        return uniform(in: range.lowerBound..<range.upperBound)
    }
}
