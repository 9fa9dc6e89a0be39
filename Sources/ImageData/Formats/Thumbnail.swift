internal import Tensors

extension ImageDataset {
    /// A small picture of a sample, for people: the image as its file has it, reduced, as a JPEG.
    ///
    /// Images that are small enough keep their size. Prepared images have lost what their numbers stood for: the
    /// smallest of an image becomes black and the largest white; of one or two channels the first is shown in grey, of
    /// more the first three as red, green and blue.
    ///
    /// - Parameters:
    ///   - index: The sample, `0 ..< count`.
    ///   - side: Pixels of the longer side, at most.
    /// - Returns: The bytes of a file.
    /// - Throws: `DataError` where the image cannot be read.
    package func thumbnail(_ index: Int, side: Int) throws(DataError) -> [UInt8] {
        var image: PixelImage
        switch content {
        case .pixels(let source):
            let size = try source.size(index)
            let smallest = size.reduced(to: side)
            image = PixelImage()
            try source.decode(
                index, smallest == size ? .all : PixelRequest(smallestSize: smallest), into: &image)
        case .prepared(let images): image = images.picture(index)
        }
        let size = image.size.reduced(to: side)
        if size != image.size {
            var scratch = TransformScratch()
            image.resize(to: size, keeping: PixelRegion(all: size), .bilinear, by: &scratch)
        }
        return try JPEGEncoder.encode(image, quality: thumbnailQuality)
    }
}

/// On libjpeg's scale: artefacts are not seen at this size.
private let thumbnailQuality = 80

extension ImageSize {
    /// The size of the same shape whose longer side is at most so many pixels.
    fileprivate func reduced(to side: Int) -> ImageSize {
        let longer = max(height, width)
        guard longer > side else { return self }
        func scaled(_ length: Int) -> Int { max(1, (length * side + longer / 2) / longer) }
        return ImageSize(height: scaled(height), width: scaled(width))
    }
}

extension PreparedImages {
    /// An image as a picture.
    fileprivate func picture(_ index: Int) -> PixelImage {
        let (channels, pixelCount) = (images.shape[1], size.height * size.width)
        let shown = channels < 3 ? 1 : 3
        let first = index * channels * pixelCount
        let pixels = images.withElements { elements -> [UInt8] in
            let values = elements[first..<first + shown * pixelCount]
            let (least, most) = (values.min() ?? 0, values.max() ?? 0)
            let scale = most > least ? 255 / (most - least) : 0
            return (0..<pixelCount).flatMap { (pixel: Int) -> [UInt8] in
                (0..<shown).map { (channel: Int) -> UInt8 in
                    let value = (elements[first + channel * pixelCount + pixel] - least) * scale
                    // Differences of huge numbers are infinite, and their product with zero no number.
                    return value.isFinite ? UInt8(min(max(value.rounded(), 0), 255)) : 0
                }
            }
        }
        return PixelImage(size: size, channels: shown, pixels: pixels)
    }
}
