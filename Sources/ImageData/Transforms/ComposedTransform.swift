/// Transforms one after the other.
public struct ComposedTransform: ImageTransform {
    /// The transforms, the first one first.
    public let steps: [any ImageTransform]

    /// A composition of transforms; without any, images stay as they are.
    public init(_ steps: [any ImageTransform]) { self.steps = steps }

    /// Images as they are.
    public static let none = ComposedTransform([])

    /// The size after the last step.
    public func outputSize(for input: ImageSize?) -> ImageSize? {
        steps.reduce(input) { size, step in step.outputSize(for: size) }
    }

    /// Applies each step to the result of the one before.
    public func apply(
        to image: inout PixelImage, scratch: inout PixelImage, key: AugmentationKey
    ) throws(DataError) {
        for step in steps { try step.apply(to: &image, scratch: &scratch, key: key) }
    }
}
