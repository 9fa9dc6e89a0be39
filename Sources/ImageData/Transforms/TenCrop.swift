/// Ten looks at one image, as torchvision's `TenCrop`: its four corners and its middle, and the same of its mirror
/// image.
///
/// What a classifier says of the ten is averaged.
///
/// Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks",
/// NIPS 2012.
public struct TenCrop: Sendable {
    /// Height and width of each.
    public let size: ImageSize

    /// Crops of a size.
    public init(size: ImageSize) { self.size = size }

    /// The transform of each: top left, top right, bottom left, bottom right, middle, then those of the mirror image.
    public var views: [ComposedTransform] {
        let corners = Corner.allCases.map { CornerCrop(size: size, $0) }
        let mirrored = corners.map { CornerCrop(size: size, $0.corner.opposite) }
        return corners.map { ComposedTransform([$0]) } + [ComposedTransform([CenterCrop(size: size)])]
            + mirrored.map { ComposedTransform([$0, Mirror()]) }
            + [ComposedTransform([MirroredCenterCrop(size: size), Mirror()])]
    }

    /// The part whose mirror image is the middle of the mirror image. It may differ from the middle by a pixel.
    private struct MirroredCenterCrop: RegionTransform {
        let size: ImageSize

        func outputSize(for input: ImageSize?) -> ImageSize? { input.map(size.within) ?? size }

        func region(of size: ImageSize, key: AugmentationKey) -> PixelRegion {
            let middle = CenterCrop(size: self.size).region(of: size, key: key)
            return PixelRegion(
                top: middle.top, left: size.width - middle.columns.upperBound, size: middle.size)
        }
    }
}

/// A corner of an image.
public enum Corner: Sendable, CaseIterable {
    /// Where the first pixel lies.
    case topLeft
    /// Where the first row ends.
    case topRight
    /// Where the last row begins.
    case bottomLeft
    /// Where the last pixel lies.
    case bottomRight

    /// The corner that comes to lie here when left and right change places.
    var opposite: Corner {
        switch self {
        case .topLeft: .topRight
        case .topRight: .topLeft
        case .bottomLeft: .bottomRight
        case .bottomRight: .bottomLeft
        }
    }
}

/// Crops images at a corner.
///
/// An image with a shorter side keeps that side as it is.
public struct CornerCrop: RegionTransform {
    /// Height and width of what is kept.
    public let size: ImageSize
    /// Where.
    public let corner: Corner

    /// A crop of a size at a corner.
    public init(size: ImageSize, _ corner: Corner) { (self.size, self.corner) = (size, corner) }

    /// The size of the crop; less where the image is smaller.
    public func outputSize(for input: ImageSize?) -> ImageSize? { input.map(size.within) ?? size }

    /// The corner.
    public func region(of size: ImageSize, key: AugmentationKey) -> PixelRegion {
        let crop = self.size.within(size)
        let (bottom, right) = (size.height - crop.height, size.width - crop.width)
        let (top, left): (Int, Int) =
            switch corner {
            case .topLeft: (0, 0)
            case .topRight: (0, right)
            case .bottomLeft: (bottom, 0)
            case .bottomRight: (bottom, right)
            }
        return PixelRegion(top: top, left: left, size: crop)
    }
}
