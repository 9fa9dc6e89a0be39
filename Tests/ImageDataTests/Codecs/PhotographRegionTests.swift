import ImageData
import Testing

/// Regions at corners, edges and within, of odd and even places and sizes.
private func regions(of size: ImageSize) -> [PixelRegion] {
    func ranges(_ length: Int) -> [Range<Int>] {
        let all = [
            (0, length), (0, 1), (length - 1, length), (0, length / 2), (1, length - 1), (15, 17), (16, 33),
            (17, 32), (7, 50), (31, length),
        ]
        return all.filter { 0 <= $0.0 && $0.0 < $0.1 && $0.1 <= length }.map { $0.0..<$0.1 }
    }
    return ranges(size.height).flatMap { rows in
        ranges(size.width).map { columns in
            PixelRegion(
                top: rows.lowerBound, left: columns.lowerBound,
                size: ImageSize(height: rows.count, width: columns.count))
        }
    }
}

@Suite struct PhotographRegionTests {
    /// Bit for bit what the whole picture has there: the interpolation of colors must not see the edge.
    @Test func regionsAreThoseOfTheWholePicture() throws {
        for name in try fixtureNames("photograph-variants") {
            let path = fixture("photograph-variants/\(name)")
            for appliesOrientation in name.hasPrefix("orientation") ? [false, true] : [false] {
                let whole = try decoded(path, appliesOrientation: appliesOrientation)
                for region in regions(of: whole.size).shuffled(seed: 7).prefix(40) {
                    let image = try decoded(
                        path, PixelRequest(region: region), appliesOrientation: appliesOrientation)
                    let found = mismatch(image, part(region, of: whole), within: 0)
                    #expect(found == nil, "\(name), \(region)")
                }
            }
        }
    }

    /// The same of larger pictures, whose rows are several of libjpeg's.
    @Test(arguments: ["rgb.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "narrow.jpg", "rgba.png"])
    func regionsOfLargerPictures(name: String) throws {
        let path = fixture("photographs/\(name)")
        let whole = try decoded(path)
        for region in regions(of: whole.size).shuffled(seed: 3).prefix(40) {
            let image = try decoded(path, PixelRequest(region: region))
            #expect(mismatch(image, part(region, of: whole), within: 0) == nil, "\(region)")
        }
    }

    /// At a half, each pixel is near the mean of the four that it stands for; the size is never below the wanted.
    @Test func smallerScaleKeepsThePicture() throws {
        let path = fixture("photographs/rgb.jpg")
        let whole = try decoded(path)
        let region = PixelRegion(top: 20, left: 40, size: ImageSize(height: 160, width: 200))
        let wanted = ImageSize(height: 64, width: 64)
        let image = try decoded(path, PixelRequest(region: region, smallestSize: wanted))
        #expect(image.size == ImageSize(height: 80, width: 100))
        var difference = 0
        for row in 0..<80 {
            for column in 0..<100 {
                for channel in 0..<3 {
                    var sum = 0
                    for corner in 0..<4 {
                        let (y, x) = (20 + 2 * row + corner / 2, 40 + 2 * column + corner % 2)
                        sum += Int(whole.pixels[(y * whole.size.width + x) * 3 + channel])
                    }
                    difference += abs(sum / 4 - Int(image.pixels[(row * 100 + column) * 3 + channel]))
                }
            }
        }
        #expect(Double(difference) / (80 * 100 * 3) < 3)
    }

    /// Bit for bit what the whole picture has there at the same scale, for edges at multiples of 8.
    @Test(arguments: ["rgb.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg"], [1, 2, 4])
    func regionsOfSmallerScales(name: String, eighths: Int) throws {
        let path = fixture("photographs/\(name)")
        let size = try PhotographHeader(contentsOf: path).size
        func request(_ region: PixelRegion) -> PixelRequest {
            let size = ImageSize(
                height: region.size.height * eighths / 8, width: region.size.width * eighths / 8)
            return PixelRequest(region: region, smallestSize: size)
        }
        let whole = try decoded(path, request(PixelRegion(all: size)))
        #expect(whole.size.height == (size.height * eighths + 7) / 8)
        for (top, left, height, width) in [
            (0, 0, 8, 8), (64, 48, 96, 104), (200, 304, 8, 16), (8, 0, 200, 312),
        ] {
            let region = PixelRegion(top: top, left: left, size: ImageSize(height: height, width: width))
            let scaled = PixelRegion(
                top: top * eighths / 8, left: left * eighths / 8,
                size: ImageSize(height: height * eighths / 8, width: width * eighths / 8))
            let image = try decoded(path, request(region))
            #expect(mismatch(image, part(scaled, of: whole), within: 0) == nil, "\(region)")
        }
    }

    /// A side that the region has not is not made.
    @Test func nothingIsEnlarged() throws {
        let region = PixelRegion(top: 3, left: 5, size: ImageSize(height: 20, width: 200))
        let image = try decoded(
            fixture("photographs/rgb.jpg"),
            PixelRequest(region: region, smallestSize: ImageSize(height: 64, width: 64)))
        #expect(image.size == region.size)
    }

    /// A whole picture of any scale lies within what libjpeg gives, for every small size.
    @Test func scaledPartsLieWithinThePicture() throws {
        let path = fixture("photograph-variants/tiny-3x2.jpg")
        for (top, left, height, width) in [(0, 0, 2, 3), (1, 2, 1, 1), (0, 1, 2, 2)] {
            let region = PixelRegion(top: top, left: left, size: ImageSize(height: height, width: width))
            let image = try decoded(
                path, PixelRequest(region: region, smallestSize: ImageSize(height: 1, width: 1)))
            #expect(image.size == ImageSize(height: 1, width: 1))
        }
    }

    @Test func regionOutsideIsAnError() throws {
        let path = fixture("photographs/rgb.jpg")
        let region = PixelRegion(top: 200, left: 0, size: ImageSize(height: 20, width: 20))
        let error = try dataError { try decoded(path, PixelRequest(region: region)) }
        #expect(error.kind == .format)
        #expect(error.detail.contains("has 214 × 320 pixels, of which 20 × 20 at row 200, column 0"))
    }
}

extension Array {
    /// The elements in an order of a fixed generator.
    fileprivate func shuffled(seed: UInt64) -> [Element] {
        var generator = MutationGenerator(state: seed)
        return shuffled(using: &generator)
    }
}
