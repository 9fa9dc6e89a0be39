import ImageData
import Testing

/// Resizing against Pillow's, bit for bit.
@Suite struct ResizeTests {
    /// Up and down, one way and both, from and to a single pixel, in colour and grey.
    @Test func equalsPillow() throws {
        let references = try ReferenceImages.small()
        let cases = references.names("resize.")
        #expect(cases.count == 32)
        for (name, parts) in cases {
            let interpolation = try #require(Interpolation(rawValue: parts[1]))
            let result = try applied(
                Resize(to: imageSize(parts[2]), interpolation),
                to: references.image("input.\(parts[0])"))
            #expect(try difference(result, references.image(name)) == nil, "\(name)")
        }
    }

    /// A photograph of 320 × 214 and crops of it.
    @Test func equalsTheGoldenPhotographs() throws {
        let references = try ReferenceImages.golden()
        let photograph = try references.image("output.decoded.rgb.png")
        let size = ImageSize(height: 256, width: 256)
        #expect(
            try difference(
                applied(Resize(to: size), to: photograph), references.image("output.resize256x256")) == nil)
        for number in 0..<4 {
            let place = try references.integers("input.crop\(number).top_left_height_width")
            let region = PixelRegion(
                top: place[0], left: place[1], size: ImageSize(height: place[2], width: place[3]))
            let result = try applied(
                ComposedTransform([FixedCrop(part: region), Resize(to: ImageSize(height: 48, width: 48))]),
                to: photograph)
            #expect(
                try difference(result, references.image("output.crop\(number).resized48")) == nil,
                "crop \(number)")
        }
    }

    /// torchvision's usual evaluation: shorter side, then the middle.
    @Test func shorterSideAndMiddleEqualTorchvision() throws {
        let references = try ReferenceImages.small()
        let cases = references.names("shorter-centre.")
        #expect(cases.count == 10)
        for (name, parts) in cases {
            let (length, side) = (try #require(Int(parts[2])), try #require(Int(parts[3])))
            let resize = ShorterSideResize(
                to: length, try #require(Interpolation(rawValue: parts[1])))
            let crop = CenterCrop(size: ImageSize(height: side, width: side))
            let input = try references.image("input.\(parts[0])")
            let expected = try references.image(name)
            #expect(
                try difference(applied(ComposedTransform([resize, crop]), to: input), expected) == nil,
                "\(name)")
            // The same when everything is computed first.
            #expect(
                try difference(applied(crop, to: applied(resize, to: input)), expected) == nil, "\(name)")
        }
        let golden = try ReferenceImages.golden()
        let transform = ComposedTransform([
            ShorterSideResize(to: 64), CenterCrop(size: ImageSize(height: 56, width: 56)),
        ])
        for (name, parts) in golden.names("output.resize64-center56.") {
            let file = parts.joined(separator: ".")
            let result = try applied(transform, to: golden.image("output.decoded.\(file)"))
            #expect(try difference(result, golden.image(name)) == nil, "\(file)")
        }
    }

    /// Any part of the result is the same as a part of the whole result, also of a buffer used before.
    @Test(arguments: [1, 3], Interpolation.allCases)
    func aPartEqualsThatOfTheWhole(channels: Int, interpolation: Interpolation) throws {
        var (image, scratch) = (PixelImage(), TransformScratch())
        let places = [(0, 0, 1, 1), (3, 2, 5, 7), (0, 4, 11, 1), (10, 0, 1, 13), (0, 0, 11, 13)]
        for (height, width) in [(30, 40), (5, 4), (1, 1), (11, 6), (4, 13), (11, 13)] {
            let input = noise(height, width, channels: channels)
            let resize = Resize(to: ImageSize(height: 11, width: 13), interpolation)
            let whole = try applied(resize, to: input)
            for (top, left, rows, columns) in places {
                let crop = FixedCrop(
                    part: PixelRegion(
                        top: top, left: left, size: ImageSize(height: rows, width: columns)))
                image = input
                try ComposedTransform([resize, crop]).apply(to: &image, scratch: &scratch, key: key())
                #expect(try difference(image, applied(crop, to: whole)) == nil, "\(input.size), \(crop.part)")
            }
        }
    }

    @Test func theLongerSideIsRoundedDown() {
        let resize = ShorterSideResize(to: 256)
        for (height, width, expected) in [
            (375, 500, (256, 341)), (500, 375, (341, 256)), (256, 256, (256, 256)), (1, 1000, (256, 256_000)),
            (1000, 1, (256_000, 256)),
        ] {
            #expect(
                resize.size(after: ImageSize(height: height, width: width))
                    == ImageSize(height: expected.0, width: expected.1))
        }
        #expect(resize.outputSize(for: nil) == nil)
        #expect(Resize(to: ImageSize(height: 2, width: 3)).outputSize(for: nil)?.width == 3)
    }

    /// The whole would have 1000 or more times as many pixels: it is never made.
    @Test(arguments: [(1, 1000), (1000, 1), (1, 60_000), (1, 1)])
    func aLongStripIsCroppedBeforeItIsResized(height: Int, width: Int) throws {
        let size = ImageSize(height: 224, width: 224)
        let crops: [any RegionTransform] = [
            CenterCrop(size: size), RandomCrop(size: size), CornerCrop(size: size, .bottomRight),
        ]
        for crop in crops {
            let transform = ComposedTransform([ShorterSideResize(to: 256), crop])
            let result = try applied(transform, to: noise(height, width))
            #expect(result.size == size)
        }
    }
}

/// A crop at a place.
struct FixedCrop: RegionTransform {
    let part: PixelRegion

    func outputSize(for input: ImageSize?) -> ImageSize? { part.size }

    func region(of size: ImageSize, key: AugmentationKey) -> PixelRegion { part }
}
