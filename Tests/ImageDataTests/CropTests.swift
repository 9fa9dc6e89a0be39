import ImageData
import Testing

@Suite struct CenterCropTests {
    /// Also where the image is smaller than the crop, one way or both.
    @Test func equalsTorchvision() throws {
        let references = try ReferenceImages.small()
        let cases = references.names("centre.")
        #expect(cases.count == 5)
        for (name, parts) in cases {
            let result = try applied(
                CenterCrop(size: imageSize(parts[1])), to: references.image("input.\(parts[0])"))
            #expect(try difference(result, references.image(name)) == nil, "\(name)")
        }
    }
}

@Suite struct RandomCropTests {
    @Test func placesAreUniform() {
        let crop = RandomCrop(size: ImageSize(height: 8, width: 6))
        var (rows, columns) = ([Int](repeating: 0, count: 4), [Int](repeating: 0, count: 5))
        for sample in 0..<4000 {
            let region = crop.region(of: ImageSize(height: 11, width: 10), key: key(sample))
            #expect(region.size == crop.size)
            rows[region.top] += 1
            columns[region.left] += 1
        }
        for count in rows { #expect(abs(count - 1000) < 140) }
        for count in columns { #expect(abs(count - 800) < 130) }
    }

    /// What is smaller stays as it is, and the loader says so.
    @Test func aSmallerImageIsNamed() throws {
        let size = ImageSize(height: 8, width: 8)
        let crop = RandomCrop(size: size)
        #expect(
            crop.region(of: ImageSize(height: 5, width: 10), key: key()).size
                == ImageSize(height: 5, width: 8))
        let source = PictureSource(pictures: [noise(9, 9), noise(5, 10)])
        let loader = try EvaluationLoader(
            subset: .training(of: source), pipeline: .plain(crop), batchSize: 2, shard: .whole)
        let error = #expect(throws: DataError.self) { try loader.batch(0) }
        #expect(error?.detail.contains("image 1 is 5 × 8 pixels after the transform; expected 8 × 8") == true)
    }
}

@Suite struct RandomResizedCropTests {
    private static let size = ImageSize(height: 375, width: 500)

    /// Area and shape are what they are drawn to be: an area is uniform, a shape uniform in its logarithm, among those
    /// that fit. A scale up to a quarter of the image always fits.
    @Test func areaAndShapeAreUniform() {
        let crop = RandomResizedCrop(scale: 0.05...0.25)
        var (areas, shapes) = ([Int](repeating: 0, count: 4), [Int](repeating: 0, count: 4))
        var (tops, lefts) = (0.0, 0.0)
        for sample in 0..<4000 {
            let region = crop.region(of: Self.size, key: key(sample))
            let (height, width) = (Double(region.size.height), Double(region.size.width))
            let area = (height * width / (375 * 500) - 0.05) / 0.2 * 4
            let shape = (log2(width / height) / log2(4.0 / 3) + 1) / 2 * 4
            #expect(-0.1...4.1 ~= area && -0.2...4.2 ~= shape)
            areas[min(max(Int(area), 0), 3)] += 1
            shapes[min(max(Int(shape), 0), 3)] += 1
            tops += Double(region.top) / (375 - height)
            lefts += Double(region.left) / (500 - width)
        }
        for count in areas + shapes { #expect(abs(count - 1000) < 140) }
        #expect(abs(tops / 4000 - 0.5) < 0.02 && abs(lefts / 4000 - 0.5) < 0.02)
    }

    private func log2(_ value: Double) -> Double { Double(Float(value).exponent) + mantissaLog(Float(value)) }

    /// The logarithm of the part between 1 and 2, by its series.
    private func mantissaLog(_ value: Float) -> Double {
        let ratio = (Double(value.significand) - 1) / (Double(value.significand) + 1)
        var (term, sum) = (ratio, 0.0)
        for odd in stride(from: 1.0, to: 40, by: 2) {
            sum += term / odd
            term *= ratio * ratio
        }
        return 2 * sum / 0.6931471805599453
    }

    /// Every region lies within the image, whatever its shape.
    @Test(arguments: [(1, 1), (1, 1000), (1000, 1), (2, 3), (375, 500), (3000, 10)])
    func regionsLieWithin(height: Int, width: Int) {
        let size = ImageSize(height: height, width: width)
        for crop in [RandomResizedCrop(), RandomResizedCrop(scale: 0.2...1), RandomResizedCrop(scale: 1...1)]
        {
            for sample in 0..<300 {
                let region = crop.region(of: size, key: key(sample))
                #expect(region.rows.upperBound <= height && region.columns.upperBound <= width)
            }
        }
    }

    /// Where nothing fits: the largest part of an allowed shape, in the middle.
    @Test func withoutAFitItIsTheMiddle() {
        let crop = RandomResizedCrop(scale: 1...1)
        #expect(
            crop.region(of: ImageSize(height: 10, width: 1000), key: key())
                == PixelRegion(top: 0, left: 493, size: ImageSize(height: 10, width: 13)))
        #expect(
            crop.region(of: ImageSize(height: 1000, width: 10), key: key())
                == PixelRegion(top: 493, left: 0, size: ImageSize(height: 13, width: 10)))
    }

    @Test func drawsDoNotDependOnOtherTransforms() throws {
        let (crop, resize) = (RandomResizedCrop(), Resize(to: ImageSize(height: 9, width: 9)))
        let image = noise(30, 40)
        let mirror = HorizontalFlip()
        for sample in 0..<20 {
            let alone = try applied(ComposedTransform([crop, resize]), to: image, key(sample))
            let both = try applied(ComposedTransform([crop, resize, mirror]), to: image, key(sample))
            #expect(try both == applied(mirror, to: alone, key(sample)))
        }
    }
}

@Suite struct TenCropTests {
    @Test func equalsTorchvision() throws {
        let references = try ReferenceImages.small()
        let image = try references.image("input.colour")
        let expected = try references.images("ten-crop")
        let views = TenCrop(size: ImageSize(height: 35, width: 35)).views
        #expect(views.count == 10 && expected.count == 10)
        for (number, (view, reference)) in zip(views, expected).enumerated() {
            let whole = ComposedTransform([ShorterSideResize(to: 40)]).followed(by: view)
            #expect(try difference(applied(whole, to: image), reference) == nil, "view \(number)")
            #expect(whole.outputSize(for: nil) == ImageSize(height: 35, width: 35))
        }
    }
}
