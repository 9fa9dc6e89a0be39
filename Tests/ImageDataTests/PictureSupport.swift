import ImageData
import ModelFiles
import Testing

/// What a transform makes of an image.
func applied(
    _ transform: some ImageTransform, to image: PixelImage, _ key: AugmentationKey = key()
) throws -> PixelImage {
    var (image, scratch) = (image, TransformScratch())
    try transform.apply(to: &image, scratch: &scratch, key: key)
    return image
}

func key(seed: UInt64 = 1, pass: Int = 0, _ sample: Int = 0, _ view: ImageView = .first)
    -> AugmentationKey
{
    AugmentationKey(seed: seed, pass: pass, sample: sample, view: view)
}

/// Images of a file of references, `[H, W, C]` in 8 bits.
struct ReferenceImages {
    private let file: SafetensorsFile

    /// What Pillow and torchvision make of the files in `photographs`.
    static func golden() throws -> ReferenceImages { try ReferenceImages("photographs.safetensors") }

    /// What they make of the small images that the file holds too.
    static func small() throws -> ReferenceImages { try ReferenceImages("transforms.safetensors") }

    private init(_ name: String) throws { file = try SafetensorsFile(contentsOf: fixture(name)) }

    /// Names that begin so, and what follows, split at dots.
    func names(_ prefix: String) -> [(name: String, parts: [String])] {
        file.names.filter { $0.hasPrefix(prefix) }.map { name in
            (name, name.dropFirst(prefix.count).split(separator: ".").map(String.init))
        }
    }

    func image(_ name: String) throws -> PixelImage {
        let shape = try #require(file.shape(of: name))
        return PixelImage(
            size: ImageSize(height: shape[0], width: shape[1]), channels: shape[2],
            pixels: try bytes(name))
    }

    /// Several images of one size.
    func images(_ name: String) throws -> [PixelImage] {
        let shape = try #require(file.shape(of: name))
        let (pixels, count) = (try bytes(name), shape[1] * shape[2] * shape[3])
        return (0..<shape[0]).map { index in
            PixelImage(
                size: ImageSize(height: shape[1], width: shape[2]), channels: shape[3],
                pixels: Array(pixels[index * count..<(index + 1) * count]))
        }
    }

    func values(_ name: String) throws -> [Float] { try file.tensor(name).elements }

    func integers(_ name: String) throws -> [Int] { try file.integers(name) }

    private func bytes(_ name: String) throws -> [UInt8] { try file.integers(name).map { UInt8($0) } }
}

/// `7x3` as a size of 7 rows and 3 columns.
func imageSize(_ text: String) throws -> ImageSize {
    let numbers = text.split(separator: "x").compactMap { Int($0) }
    try #require(numbers.count == 2)
    return ImageSize(height: numbers[0], width: numbers[1])
}

/// nil if two images are equal; else how many values differ and the worst of them.
func difference(_ image: PixelImage, _ expected: PixelImage) -> String? {
    guard image.size == expected.size, image.channels == expected.channels else {
        return
            "\(image.size) of \(image.channels) channels, expected \(expected.size) of \(expected.channels)"
    }
    let differences = zip(image.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
    guard let worst = differences.indices.max(by: { differences[$0] < differences[$1] }),
        differences[worst] > 0
    else { return nil }
    return "\(differences.count { $0 > 0 }) values differ; worst at \(worst): \(image.pixels[worst]), "
        + "expected \(expected.pixels[worst])"
}

/// A picture without a pattern.
func noise(_ height: Int, _ width: Int, channels: Int = 3) -> PixelImage {
    let pixels = (0..<height * width * channels).map { UInt8(truncatingIfNeeded: ($0 &* 40503) >> 7) }
    return PixelImage(
        size: ImageSize(height: height, width: width), channels: channels, pixels: pixels)
}

/// Pictures without files, which decodes parts as it is asked to.
struct PictureSource: ImageDataset, PixelSource {
    let path = "pictures"
    let pictures: [PixelImage]
    var count: Int { pictures.count }
    var classCount: Int { 1 }
    var fingerprint: UInt64 { 1 }
    var content: ImageContent { .pixels(self) }
    var commonSize: ImageSize? { Set(pictures.map(\.size)).count == 1 ? pictures[0].size : nil }

    func label(_ index: Int) -> Int { 0 }

    func size(_ index: Int) throws(DataError) -> ImageSize { pictures[index].size }

    /// At half the scale, where that is asked for and possible: every second pixel.
    func decode(_ index: Int, _ request: PixelRequest, into image: inout PixelImage) throws(DataError) {
        let picture = pictures[index]
        let region = request.region ?? PixelRegion(all: picture.size)
        var step = 1
        if let smallest = request.smallestSize, region.size.height >= 2 * smallest.height,
            region.size.width >= 2 * smallest.width
        {
            step = 2
        }
        var pixels: [UInt8] = []
        let (rows, columns) = (
            stride(from: region.top, to: region.rows.upperBound, by: step),
            stride(from: region.left, to: region.columns.upperBound, by: step)
        )
        for row in rows {
            for column in columns {
                let first = (row * picture.size.width + column) * picture.channels
                pixels += picture.pixels[first..<first + picture.channels]
            }
        }
        image = PixelImage(
            size: ImageSize(
                height: (region.size.height + step - 1) / step, width: (region.size.width + step - 1) / step),
            channels: picture.channels, pixels: pixels)
    }
}
