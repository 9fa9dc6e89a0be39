internal import Foundation
import ImageData
import Testing

/// The path of a file in `Fixtures`.
func fixture(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)")
        .path
}

/// An IDX file of the given extents and elements.
func idx(_ extents: [Int], _ elements: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0, 0, 8, UInt8(extents.count)]
    for extent in extents { bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: extent >> $0) } }
    return bytes + elements
}

/// Files of Debian's package dataset-fashion-mnist.
enum FashionMNIST {
    static let train = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
    static let test = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
}

/// Grey images without a file: pixel p of sample i is `16·i + p`, modulo 256.
struct MemoryDataset: ImageDataset, PixelSource {
    let path = "memory"
    let labels: [Int]
    var failing: Set<Int> = []
    /// The size of each image in turn.
    var sizes = [ImageSize(height: 2, width: 2)]
    var count: Int { labels.count }
    var classCount: Int { (labels.max() ?? -1) + 1 }
    var fingerprint: UInt64 { UInt64(count) }
    var content: ImageContent { .pixels(self) }
    var commonSize: ImageSize? { Set(sizes).count == 1 ? sizes[0] : nil }

    func label(_ index: Int) -> Int { labels[index] }

    func size(_ index: Int) throws(DataError) -> ImageSize { sizes[index % sizes.count] }

    func decode(_ index: Int, _ request: PixelRequest, into image: inout PixelImage) throws(DataError) {
        precondition(request == .all, "a part of an image, which no test asks for")
        if failing.contains(index) { throw DataError(.format, path: path, "sample \(index) is damaged") }
        image.reshape(try size(index), channels: 1)
        image.withMutablePixels { pixels in
            for offset in 0..<pixels.count { pixels[offset] = pixel(index, offset) }
        }
    }

    func pixel(_ index: Int, _ offset: Int) -> UInt8 { UInt8(truncatingIfNeeded: 16 * index + offset) }

    /// What becomes of an image that is neither transformed nor normalized.
    func values(_ index: Int) -> [Float] {
        let grey = (0..<4).map { Float(pixel(index, $0)) / 255 }
        return grey + grey + grey
    }
}

extension Normalization {
    /// Leaves pixels in 0 … 1.
    static func plain() throws -> Normalization {
        try Normalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1])
    }
}

extension ImagePipeline {
    /// Transforms, and no normalization but the division by 255.
    static func plain(_ steps: any ImageTransform...) throws -> ImagePipeline {
        ImagePipeline(transform: ComposedTransform(steps), normalization: try .plain())
    }
}

/// Labels with `counts[k]` samples of class k, spread out.
func labels(_ counts: [Int]) -> [Int] {
    var labels: [Int] = []
    for round in 0..<(counts.max() ?? 0) {
        for (label, count) in counts.enumerated() where round < count { labels.append(label) }
    }
    return labels
}

/// A transform of a user's own: the top left pixel alone.
struct FirstPixel: ImageTransform {
    func outputSize(for input: ImageSize?) -> ImageSize? { ImageSize(height: 1, width: 1) }

    func apply(
        to image: inout PixelImage, scratch: inout TransformScratch, key: AugmentationKey
    ) throws(DataError) {
        image.reshape(ImageSize(height: 1, width: 1), channels: image.channels)
    }
}
