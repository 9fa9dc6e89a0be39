internal import Foundation
import ImageData
import ModelFiles
import Tensors
import Testing

/// What a file gives when it is decoded into a buffer of one pixel.
func decoded(
    _ path: String, _ request: PixelRequest = .all, appliesOrientation: Bool = false
) throws -> PixelImage {
    var image = PixelImage()
    try PhotographDecoder.decode(path, request, appliesOrientation: appliesOrientation, into: &image)
    return image
}

/// The part of an image, value by value.
func part(_ region: PixelRegion, of image: PixelImage) -> PixelImage {
    var pixels: [UInt8] = []
    for row in region.rows {
        let first = (row * image.size.width + region.left) * image.channels
        pixels += image.pixels[first..<first + region.size.width * image.channels]
    }
    return PixelImage(size: region.size, channels: image.channels, pixels: pixels)
}

/// Where two images of one size differ most; nil where nowhere by more than `tolerance`.
func mismatch(_ actual: PixelImage, _ expected: PixelImage, within tolerance: Int) -> String? {
    guard actual.size == expected.size, actual.channels == expected.channels else {
        return "\(actual.size) × \(actual.channels) instead of \(expected.size) × \(expected.channels)"
    }
    if actual.pixels == expected.pixels { return nil }
    let differences = zip(actual.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
    guard let worst = differences.max(), worst > tolerance else { return nil }
    let index = differences.firstIndex(of: worst) ?? 0
    let place = index / expected.channels
    return "row \(place / expected.size.width), column \(place % expected.size.width), "
        + "channel \(index % expected.channels): \(actual.pixels[index]) instead of \(expected.pixels[index])"
}

/// Decoded pictures of Pillow.
struct ExpectedPictures {
    private let file: SafetensorsFile

    init(_ name: String) throws { file = try SafetensorsFile(contentsOf: fixture(name)) }

    /// The names of its tensors that begin with `prefix`, without it.
    func names(_ prefix: String = "") -> [String] {
        file.names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }

    func picture(_ name: String) throws -> PixelImage {
        let shape = try #require(file.shape(of: name))
        return PixelImage(
            size: ImageSize(height: shape[0], width: shape[1]), channels: shape[2],
            pixels: try file.integers(name).map { UInt8($0) })
    }
}

/// The names of the files in a folder of `Fixtures`, sorted.
func fixtureNames(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: fixture(folder)).sorted()
}

/// The error of a call that must throw one.
func dataError<Value>(_ body: () throws -> Value) throws -> DataError {
    try #require(throws: DataError.self, performing: { _ = try body() })
}
