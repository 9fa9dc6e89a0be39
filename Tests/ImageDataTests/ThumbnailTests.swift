internal import Foundation
import ImageData
import Tensors
import TestSupport
import Testing

@Suite struct ThumbnailTests {
    /// What a thumbnail shows once it is decoded again.
    private func decoded(_ bytes: [UInt8]) throws -> PixelImage {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        var image = PixelImage()
        try PhotographDecoder.decode(
            folder.write(bytes, as: "thumbnail.jpg"), appliesOrientation: false, into: &image)
        return image
    }

    /// The largest difference of a value of two images, of which one may be grey.
    private func difference(_ image: PixelImage, _ other: PixelImage) -> Int {
        let places = 0..<image.size.height * image.size.width
        return places.reduce(0) { largest, place in
            (0..<3).reduce(largest) { largest, channel in
                func value(_ image: PixelImage) -> Int {
                    Int(image.pixels[image.channels == 1 ? place : 3 * place + channel])
                }
                return max(largest, abs(value(image) - value(other)))
            }
        }
    }

    /// Photographs in a folder of one class, and the sizes of the thumbnails of each.
    @Test(arguments: [0, 1 << 24]) func photographsAreReduced(cacheBytes: Int) throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        for name in ["rgb.jpg", "grey.jpg", "rgba.png"] {
            try folder.write(contents(fixture("photographs/\(name)")), as: "data/class/\(name)")
        }
        let dataset = try DatasetFile.open(
            path: folder.path + "/data", options: DatasetOptions(cacheBytes: cacheBytes))
        let source = try #require(dataset as? PhotographDataset)
        for index in 0..<dataset.count {
            let size = try source.size(index)
            try #require(max(size.height, size.width) > 40)
            let image = try decoded(dataset.thumbnail(index, side: 40))
            #expect(max(image.size.height, image.size.width) == 40)
            let shape = Double(size.height) / Double(size.width)
            #expect(abs(Double(image.size.height) - shape * Double(image.size.width)) < 1)
            // What a resize of the whole image gives, but for what JPEG and a decoder at a reduced scale leave out.
            var whole = PixelImage()
            try source.decode(index, .all, into: &whole)
            let expected = try applied(Resize(to: image.size), to: whole)
            let sum = zip(image.pixels, expected.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            #expect(Double(sum) / Double(image.pixels.count) < 8)
        }
    }

    @Test func smallImagesKeepTheirSize() throws {
        let dataset = MemoryDataset(labels: [0, 1])
        let image = try decoded(dataset.thumbnail(1, side: 96))
        #expect(image.size == ImageSize(height: 2, width: 2))
        let expected = PixelImage(size: image.size, channels: 1, pixels: [16, 17, 18, 19])
        #expect(difference(image, expected) <= 6)
    }

    /// From its smallest number, black, to its largest, white; of two channels the first alone.
    @Test(arguments: [1, 2, 3, 5]) func preparedImagesAreStretched(channels: Int) throws {
        let (side, count) = (16, 16 * 16)
        // Left half −3, right half 5, in each channel; the last of five is larger and not shown.
        var elements = [Float](repeating: 0, count: 2 * channels * count)
        for place in elements.indices {
            let isLast = channels == 5 && place / count % channels == 4
            elements[place] = isLast ? 100 : place % side < side / 2 ? -3 : 5
        }
        let dataset = PreparedDataset(images: Tensor([2, channels, side, side], elements))
        let image = try decoded(dataset.thumbnail(1, side: 96))
        let pixels = (0..<count).map { UInt8($0 % side < side / 2 ? 0 : 255) }
        let size = ImageSize(height: side, width: side)
        #expect(image.size == size)
        #expect(difference(image, PixelImage(size: size, channels: 1, pixels: pixels)) <= 6)
        let flat = PreparedDataset(images: Tensor(repeating: 7, [1, channels, 4, 4]))
        #expect(try decoded(flat.thumbnail(0, side: 96)).pixels.allSatisfy { $0 <= 2 })
    }

    @Test func aVeryFlatImageKeepsAPixel() throws {
        let images = Tensor([1, 3, 1, 500], (0..<1500).map { Float($0 % 500) })
        let image = try decoded(PreparedDataset(images: images).thumbnail(0, side: 20))
        #expect(image.size == ImageSize(height: 1, width: 20))
    }

    @Test func anImageThatCannotBeReadIsAnError() {
        let dataset = MemoryDataset(labels: [0, 1], failing: [1])
        #expect(throws: DataError.self) { try dataset.thumbnail(1, side: 96) }
    }
}

/// Where the view of a network lies in an image.
@Suite struct ViewPlacementTests {
    @Test func nothingIsTheWholeImage() throws {
        let size = ImageSize(height: 30, width: 50)
        #expect(try ImagePipeline.plain().placement(in: size) == .whole)
        #expect(
            try ImagePipeline.plain(Resize(to: ImageSize(height: 8, width: 8))).placement(in: size) == .whole)
    }

    /// 300 × 400, resized to 240 × 320; of that the middle 224 × 224.
    @Test func aCropIsAPartOfIt() throws {
        let pipeline = try ImagePipeline.plain(
            ShorterSideResize(to: 240), CenterCrop(size: ImageSize(height: 224, width: 224)))
        let place = pipeline.placement(in: ImageSize(height: 300, width: 400))
        let found = [place.top, place.left, place.height, place.width]
        #expect(
            mismatch(found, [8.0 / 240, 48.0 / 320, 224.0 / 240, 224.0 / 320], absolute: 1e-12, relative: 0)
                == nil)
    }

    /// A crop that is larger than the image reaches beyond it.
    @Test func paddingLiesOutside() throws {
        let pipeline = try ImagePipeline.plain(CenterCrop(size: ImageSize(height: 8, width: 8)))
        let place = pipeline.placement(in: ImageSize(height: 4, width: 8))
        #expect(place == ViewPlacement(top: -0.5, left: 0, height: 2, width: 1))
    }
}

/// Tensors without a file.
private struct PreparedDataset: ImageDataset {
    let path = "memory"
    let images: Tensor
    var count: Int { images.shape[0] }
    let classCount = 1
    let fingerprint: UInt64 = 0
    var content: ImageContent { .prepared(PreparedImages(images: images)) }
    func label(_ index: Int) -> Int { 0 }
}
