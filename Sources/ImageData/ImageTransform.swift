internal import Tensors

/// Where an image lies in its frame, and whether it is mirrored.
public struct ImagePlacement: Sendable, Equatable {
    /// Row of the image that is the frame's first; negative where black rows come before it.
    public var firstRow: Int
    /// Column of the image that is the frame's first; negative where black columns come before it.
    public var firstColumn: Int
    /// Whether left and right change places, after cropping.
    public var isMirrored: Bool

    /// A placement from its parts.
    public init(firstRow: Int, firstColumn: Int, isMirrored: Bool) {
        self.firstRow = firstRow
        self.firstColumn = firstColumn
        self.isMirrored = isMirrored
    }

    /// The image as it is.
    public static let identity = ImagePlacement(firstRow: 0, firstColumn: 0, isMirrored: false)
}

/// How training images are changed at random: padded, cropped back to their size, mirrored.
///
/// The border is black as the image has it, before normalization. A draw is keyed by (seed, pass, sample,
/// view), so it depends neither on ranks nor on what was drawn before.
public struct ImageTransform: Sendable, Equatable {
    /// Black pixels added on each side before a crop of the original size; 0 for no crop.
    public var padding: Int
    /// Whether half of the images are mirrored.
    public var horizontalFlip: Bool

    /// A transform of the given padding, in pixels.
    public init(padding: Int, horizontalFlip: Bool) {
        precondition(padding >= 0, "negative padding \(padding)")
        self.padding = padding
        self.horizontalFlip = horizontalFlip
    }

    /// Leaves images as they are; what evaluation uses.
    public static let identity = ImageTransform(padding: 0, horizontalFlip: false)

    /// The usual crop for small images: padding of an eighth of the size, rounded down to an even number.
    ///
    /// 32 pixels are padded by 4, 28 by 2.
    ///
    /// - Parameters:
    ///   - imageSize: The shorter side of the images, in pixels.
    ///   - horizontalFlip: Whether half of the images are mirrored.
    public static func padCrop(imageSize: Int, horizontalFlip: Bool = true) -> ImageTransform {
        ImageTransform(padding: imageSize / 16 * 2, horizontalFlip: horizontalFlip)
    }

    /// The placement of one view of one sample.
    ///
    /// - Parameters:
    ///   - seed: The run's seed.
    ///   - pass: Number of the pass over the data.
    ///   - sample: Index of the sample in its data set.
    ///   - view: Which image of the sample.
    public func placement(seed: UInt64, pass: Int, sample: Int, view: ImageView) -> ImagePlacement {
        guard self != .identity else { return .identity }
        var random = KeyedRandom(seed: seed, purpose: .augmentation, pass, sample, view.rawValue)
        // All three are drawn always, so that one setting does not shift what another one draws.
        let row = random.integer(below: 2 * padding + 1) - padding
        let column = random.integer(below: 2 * padding + 1) - padding
        let coin = random.next() >> 63 == 1
        return ImagePlacement(firstRow: row, firstColumn: column, isMirrored: horizontalFlip && coin)
    }
}
