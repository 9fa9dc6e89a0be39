import ImageData
import Testing

@Suite struct ImageTransformTests {
    @Test(arguments: [(28, 2), (32, 4), (64, 8), (15, 0), (224, 28)])
    func paddingIsAnEighthRoundedDownToAnEvenNumber(size: Int, padding: Int) {
        #expect(ImageTransform.padCrop(imageSize: size).padding == padding)
    }

    @Test func identityMovesNothing() {
        for sample in 0..<100 {
            let placement = ImageTransform.identity.placement(seed: 1, pass: 2, sample: sample, view: .second)
            #expect(placement == .identity)
        }
    }

    @Test func drawsAreUniform() {
        let transform = ImageTransform(padding: 2, horizontalFlip: true)
        var rows = [Int](repeating: 0, count: 5)
        var columns = rows
        var mirrored = 0
        for sample in 0..<10_000 {
            let placement = transform.placement(seed: 1, pass: 0, sample: sample, view: .first)
            rows[placement.firstRow + 2] += 1
            columns[placement.firstColumn + 2] += 1
            mirrored += placement.isMirrored ? 1 : 0
        }
        for count in rows + columns { #expect(abs(count - 2000) < 200) }
        #expect(abs(mirrored - 5000) < 250)
    }

    @Test func drawsDependOnEveryKey() {
        let transform = ImageTransform(padding: 1000, horizontalFlip: true)
        let base = transform.placement(seed: 1, pass: 2, sample: 3, view: .first)
        #expect(base == transform.placement(seed: 1, pass: 2, sample: 3, view: .first))
        #expect(base != transform.placement(seed: 2, pass: 2, sample: 3, view: .first))
        #expect(base != transform.placement(seed: 1, pass: 3, sample: 3, view: .first))
        #expect(base != transform.placement(seed: 1, pass: 2, sample: 4, view: .first))
        #expect(base != transform.placement(seed: 1, pass: 2, sample: 3, view: .second))
    }

    @Test func flippingOffDoesNotMoveCrops() {
        let both = ImageTransform(padding: 9, horizontalFlip: true)
        let crop = ImageTransform(padding: 9, horizontalFlip: false)
        for sample in 0..<50 {
            var expected = both.placement(seed: 1, pass: 0, sample: sample, view: .first)
            expected.isMirrored = false
            #expect(crop.placement(seed: 1, pass: 0, sample: sample, view: .first) == expected)
        }
    }
}
