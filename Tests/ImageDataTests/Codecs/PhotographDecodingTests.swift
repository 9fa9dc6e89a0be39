import ImageData
import Testing

@Suite struct PhotographDecodingTests {
    /// Within 2 of Pillow for JPEG, exactly for PNG.
    @Test func picturesAreThoseOfPillow() throws {
        let expected = try ExpectedPictures("photographs.safetensors")
        let names = expected.names("output.decoded.")
        #expect(names.count == 9)
        for name in names {
            let tolerance = name.hasSuffix(".png") ? 0 : 2
            let picture = try expected.picture("output.decoded." + name)
            let found = mismatch(try decoded(fixture("photographs/\(name)")), picture, within: tolerance)
            #expect(found == nil, "\(name)")
        }
        let whole = try ExpectedPictures("photograph-variants.safetensors").picture("cases/whole.jpg")
        #expect(mismatch(try decoded(fixture("photograph-cases/whole.jpg")), whole, within: 2) == nil)
        #expect(
            try decoded(fixture("photographs/RGB-UPPER.JPG")) == decoded(fixture("photographs/rgb.jpg")))
    }

    /// Every sampling of colors, baseline and progressive, arithmetic coding, CMYK and YCCK, restarts; every type
    /// and depth of PNG, interlaced and not, each with gamma and transparency, which play no part.
    @Test func everyVariantIsThatOfPillow() throws {
        let expected = try ExpectedPictures("photograph-variants.safetensors")
        let names = try fixtureNames("photograph-variants")
        #expect(names.count == 67)
        for name in names {
            let tolerance = name.hasSuffix(".png") ? 0 : 2
            let image = try decoded(fixture("photograph-variants/\(name)"))
            #expect(mismatch(image, try expected.picture(name), within: tolerance) == nil, "\(name)")
        }
    }

    /// Adobe's inverted CMYK, every fourth pixel both ways.
    @Test func invertedCMYKIsThatOfPillow() throws {
        let picture = try ExpectedPictures("photograph-variants.safetensors").picture("photographs/cmyk.jpg")
        let image = try decoded(fixture("photographs/cmyk.jpg"))
        let pixels = (0..<picture.size.height).flatMap { row in
            (0..<picture.size.width).flatMap { column in
                let first = (4 * row * image.size.width + 4 * column) * 3
                return image.pixels[first..<first + 3]
            }
        }
        let sampled = PixelImage(size: picture.size, channels: 3, pixels: pixels)
        #expect(mismatch(sampled, picture, within: 2) == nil)
    }

    /// Of 16 bits the upper 8 are kept, whereas Pillow clips grey ones.
    @Test func sixteenBitsLoseTheirLowerHalf() throws {
        let grey = try decoded(fixture("photograph-cases/grey16.png"))
        #expect(grey.pixels == [0, 0, 1, 18, 128, 255].flatMap { [$0, $0, $0] })
        let color = try decoded(fixture("photograph-cases/rgb16.png"))
        #expect(color.pixels == [0x12, 0x80, 0xFF, 0x00, 0x01, 0x7F])
        // A picture of Pillow's 8-bit grey times 257.
        #expect(
            try decoded(fixture("photographs/grey16.png")) == decoded(fixture("photographs/grey.png")))
    }

    @Test func casesHaveTheirColors() throws {
        func pixels(_ name: String) throws -> [UInt8] {
            try decoded(fixture("photograph-cases/\(name)")).pixels
        }
        #expect(try pixels("palette.png").prefix(3) == [255, 0, 0])
        #expect(try pixels("rgba.png").prefix(3) == [10, 20, 30])
        #expect(try pixels("one.png") == [255, 255, 255])
        #expect(try pixels("png-as.jpg").prefix(3) == [1, 2, 3])
        let cmyk = try decoded(fixture("photograph-cases/cmyk.jpg"))
        let first = (3 * cmyk.size.width + 3) * 3
        for (value, wanted) in zip(cmyk.pixels[first...], [46, 131, 173]) {
            #expect(abs(Int(value) - wanted) <= 2)
        }
    }

    /// A buffer that held a larger picture takes a smaller one.
    @Test func bufferIsUsedAgain() throws {
        var image = PixelImage()
        for name in ["photographs/rgb.jpg", "photograph-cases/one.png", "photographs/narrow.jpg"] {
            try PhotographDecoder.decode(fixture(name), appliesOrientation: false, into: &image)
            #expect(try image == decoded(fixture(name)))
        }
    }

    @Test(arguments: 1...8)
    func orientationIsAppliedWhereAsked(orientation: Int) throws {
        let expected = try ExpectedPictures("photograph-variants.safetensors")
        let name = "orientation-\(orientation).jpg"
        let path = fixture("photograph-variants/\(name)")
        let turned = try decoded(path, appliesOrientation: true)
        #expect(mismatch(turned, try expected.picture("turned." + name), within: 2) == nil)
        #expect(mismatch(try decoded(path), try expected.picture(name), within: 2) == nil)
        let header = try PhotographHeader(contentsOf: path)
        #expect(header.orientation.rawValue == orientation)
        #expect(header.size == ImageSize(height: 16, width: 24))
        #expect(header.size(appliesOrientation: true) == turned.size)
    }

    @Test func orientationOfPNGIsApplied() throws {
        let expected = try ExpectedPictures("photograph-variants.safetensors")
        let path = fixture("photograph-variants/orientation-8.png")
        #expect(
            try decoded(path, appliesOrientation: true) == expected.picture("turned.orientation-8.png"))
    }

    /// The case of the issue: 4 × 2 stored, 2 × 4 turned.
    @Test func caseWithOrientationSix() throws {
        let path = fixture("photograph-cases/exif6.jpg")
        let (stored, turned) = (try decoded(path), try decoded(path, appliesOrientation: true))
        #expect(stored.size == ImageSize(height: 2, width: 4))
        #expect(turned.size == ImageSize(height: 4, width: 2))
        #expect(stored.pixels.prefix(3) == turned.pixels[3..<6])
        #expect(abs(Int(stored.pixels[0]) - 250) <= 5 && stored.pixels[1] <= 5 && stored.pixels[2] <= 5)
    }
}
