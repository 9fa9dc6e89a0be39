/// A transform that keeps one part of an image as it is, such as a random crop.
///
/// Where such a transform comes first, only that part is decoded; where it follows a `ResizeTransform`, only that part
/// is computed.
public protocol RegionTransform: ImageTransform {
    /// The part that is kept.
    ///
    /// - Parameters:
    ///   - size: The size of the image, at least one pixel.
    ///   - key: What draws depend on.
    /// - Returns: A region within the image.
    func region(of size: ImageSize, key: AugmentationKey) -> PixelRegion

    /// Brings the part, once it is cut out, to its final size; nothing by default.
    ///
    /// - Parameters:
    ///   - image: The part alone.
    ///   - scratch: Buffers with arbitrary contents.
    func complete(_ image: inout PixelImage, scratch: inout TransformScratch)
}

extension RegionTransform {
    /// Leaves the part as it is.
    public func complete(_ image: inout PixelImage, scratch: inout TransformScratch) {}

    /// Crops the image to the region.
    public func apply(
        to image: inout PixelImage, scratch: inout TransformScratch, key: AugmentationKey
    ) throws(DataError) {
        image.crop(to: region(of: image.size, key: key), by: &scratch.image)
        complete(&image, scratch: &scratch)
    }
}

extension PixelImage {
    /// Keeps a region of the image, which must lie within it.
    ///
    /// - Parameter scratch: A buffer with arbitrary contents, which takes the image's place.
    package mutating func crop(to region: PixelRegion, by scratch: inout PixelImage) {
        precondition(
            region.rows.upperBound <= size.height && region.columns.upperBound <= size.width,
            "region of \(region) of an image of \(size)")
        if region.size == size { return }
        copy(region, to: &scratch)
        swap(&self, &scratch)
    }

    /// Copies a region of the image, which must lie within it, into a buffer of its size.
    func copy(_ region: PixelRegion, to target: inout PixelImage) {
        target.reshape(region.size, channels: channels)
        let (source, rowCount) = (pixels.span, region.size.width * channels)
        target.withMutablePixels { target in
            for row in 0..<region.size.height {
                let first = ((region.top + row) * size.width + region.left) * channels
                for value in 0..<rowCount { target[row * rowCount + value] = source[first + value] }
            }
        }
    }
}
