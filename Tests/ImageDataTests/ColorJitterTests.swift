import ImageData
import Testing

@Suite struct ColorJitterTests {
    private static func adjustment(_ name: String, _ factor: Float) throws -> ColorAdjustment {
        let all: [String: ColorAdjustment] = [
            "brightness": .brightness(factor), "contrast": .contrast(factor),
            "saturation": .saturation(factor), "hue": .hue(factor),
        ]
        return try #require(all[name])
    }

    /// Each function with given factors, bit for bit, on a picture and on colours from all of the cube.
    @Test func equalsPillow() throws {
        let references = try ReferenceImages.small()
        let cases = references.names("adjust.").filter { $0.parts.count > 1 }
        #expect(cases.count == 29)
        for (name, parts) in cases {
            var image = try references.image("input.\(parts[0])")
            let factor = try #require(Float(parts[2...].joined(separator: ".")))
            image.adjust(try Self.adjustment(parts[1], factor))
            #expect(try difference(image, references.image(name)) == nil, "\(name)")
        }
        let golden = try ReferenceImages.golden()
        for (name, number) in [
            ("brightness", "1.3"), ("contrast", "0.7"), ("hue", "0.2"), ("saturation", "1.4"),
        ] {
            var image = try golden.image("output.decoded.rgb.png")
            image.adjust(try Self.adjustment(name, try #require(Float(number))))
            #expect(
                try difference(image, golden.image("output.jitter.\(name)\(number)")) == nil, "\(name)")
        }
    }

    @Test func oneAfterTheOtherEqualsPillow() throws {
        let references = try ReferenceImages.small()
        var image = try references.image("input.colour")
        for step in [ColorAdjustment.brightness(1.2), .hue(-0.1), .contrast(0.8), .saturation(1.5)] {
            image.adjust(step)
        }
        #expect(try difference(image, references.image("adjust.chain")) == nil)
    }

    /// Grey is what three equal colours are.
    @Test func greyEqualsThreeEqualColours() {
        let grey = noise(7, 9, channels: 1)
        let colours = PixelImage(size: grey.size, channels: 3, pixels: grey.pixels.flatMap { [$0, $0, $0] })
        for step in [ColorAdjustment.brightness(1.7), .contrast(0.4), .saturation(1.6), .hue(0.3)] {
            var (first, second) = (grey, colours)
            first.adjust(step)
            second.adjust(step)
            #expect(second.pixels == first.pixels.flatMap { [$0, $0, $0] }, "\(step)")
        }
    }

    /// The draws are seen by what becomes of an image with the four known.
    @Test func factorsAndOrdersAreUniform() throws {
        let image = noise(3, 3)
        // Alone, a change of the brightness is a factor on every pixel.
        let bright = ColorJitter(brightness: 0.5, contrast: 0, saturation: 0, hue: 0)
        let one = PixelImage(size: ImageSize(height: 1, width: 1), channels: 1, pixels: [100])
        var counts = [Int](repeating: 0, count: 4)
        for sample in 0..<4000 {
            let pixel = Int(try applied(bright, to: one, key(sample)).pixels[0])
            #expect(50...150 ~= pixel)
            counts[min((pixel - 50) / 25, 3)] += 1
        }
        for count in counts { #expect(abs(count - 1000) < 140) }
        // All four: the same key gives the same image, other keys other ones; without amounts nothing happens.
        let jitter = ColorJitter(0.3)
        let results = try (0..<20).map { try applied(jitter, to: image, key($0)).pixels }
        #expect(Set(results).count > 18)
        #expect(try applied(jitter, to: image, key(3)).pixels == results[3])
        #expect(try applied(ColorJitter(0), to: image, key(3)) == image)
        #expect(jitter.outputSize(for: image.size) == image.size && ColorJitter(2).hue == 0.5)
    }

    /// Every order of the four occurs, each about as often.
    @Test func everyOrderOccurs() throws {
        let colour = PixelImage(
            size: ImageSize(height: 1, width: 2), channels: 3, pixels: [200, 90, 30, 10, 60, 110])
        let jitter = ColorJitter(0.4)
        var orders: [[Int]: Int] = [:]
        for sample in 0..<2400 {
            var random = key(sample).random(3)
            let order = random.permutation(4)
            let factors = (0..<3).map { _ in random.uniform(in: Float(0.6)..<1.4) }
            let steps: [ColorAdjustment] = [
                .brightness(factors[0]), .contrast(factors[1]), .saturation(factors[2]),
                .hue(random.uniform(in: Float(-0.4)..<0.4)),
            ]
            var expected = colour
            for step in order { expected.adjust(steps[step]) }
            #expect(try applied(jitter, to: colour, key(sample)) == expected)
            orders[order, default: 0] += 1
        }
        #expect(orders.count == 24)
        for count in orders.values { #expect(abs(count - 100) < 50) }
    }
}
