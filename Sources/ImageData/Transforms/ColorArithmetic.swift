extension PixelImage {
    /// Changes the colours, rounding to 8 bits where Pillow does.
    ///
    /// Grey images change as images of three equal colours would.
    public mutating func adjust(_ adjustment: ColorAdjustment) {
        switch adjustment {
        case .brightness(let factor): blend(with: 0, factor)
        case .contrast(let factor): blend(with: meanGrey, factor)
        case .saturation(let factor): if channels == 3 { blendWithGrey(factor) }
        case .hue(let turn): if channels == 3 { turnHue(turn) }
        }
    }

    /// The mean of all pixels in grey, rounded.
    private var meanGrey: UInt8 {
        let (pixels, count) = (pixels.span, size.height * size.width)
        var sum = 0
        if channels == 1 {
            for pixel in 0..<count { sum += Int(pixels[pixel]) }
        } else {
            for pixel in 0..<count {
                sum += Int(grey(pixels[3 * pixel], pixels[3 * pixel + 1], pixels[3 * pixel + 2]))
            }
        }
        return UInt8(Double(sum) / Double(count) + 0.5)
    }

    /// Moves every value away from one, or towards it.
    private mutating func blend(with start: UInt8, _ factor: Float) {
        let table = (0...255).map { blended(start, UInt8($0), factor) }
        withMutablePixels { pixels in
            let table = table.span
            for place in 0..<pixels.count { pixels[place] = table[Int(pixels[place])] }
        }
    }

    private mutating func blendWithGrey(_ factor: Float) {
        withMutablePixels { pixels in
            for first in stride(from: 0, to: pixels.count, by: 3) {
                let grey = grey(pixels[first], pixels[first + 1], pixels[first + 2])
                for place in first..<first + 3 { pixels[place] = blended(grey, pixels[place], factor) }
            }
        }
    }

    private mutating func turnHue(_ turn: Float) {
        // Towards zero, then modulo 256: hues are bytes.
        let steps = UInt8(truncatingIfNeeded: Int32(Double(turn) * 255))
        let sectors = (0...255).map { HueSector(hue: UInt8($0) &+ steps) }
        withMutablePixels { pixels in
            let sectors = sectors.span
            for first in stride(from: 0, to: pixels.count, by: 3) {
                let (hue, saturation, value) = hueSaturationValue(
                    pixels[first], pixels[first + 1], pixels[first + 2])
                let colour = sectors[Int(hue)].colour(saturation: saturation, value: value)
                (pixels[first], pixels[first + 1], pixels[first + 2]) = colour
            }
        }
    }
}

/// A value between two, or beyond the second for factors above 1; in 32 bits and cut off, as Pillow's `blend`.
@inline(__always)
private func blended(_ start: UInt8, _ end: UInt8, _ factor: Float) -> UInt8 {
    let value = Float(start) + factor * Float(Int32(end) - Int32(start))
    return UInt8(min(max(value, 0), 255))
}

/// Luma by ITU-R 601 in whole numbers.
@inline(__always)
private func grey(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    UInt8((Int32(red) * 19595 + Int32(green) * 38470 + Int32(blue) * 7471 + 0x8000) >> 16)
}

/// Hue, saturation and value in bytes, each cut off.
@inline(__always)
private func hueSaturationValue(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> (UInt8, UInt8, UInt8) {
    let (most, least) = (max(red, green, blue), min(red, green, blue))
    guard most > least else { return (0, 0, most) }
    let range = Float(most - least)
    let saturation = range / Float(most)
    let (r, g, b) = (Float(most - red) / range, Float(most - green) / range, Float(most - blue) / range)
    // Where Pillow computes in 64 bits and rounds to 32, so does this.
    let sixths: Float =
        if red == most { b - g } else if green == most { Float(2 + Double(r) - Double(b)) } else {
            Float(4 + Double(g) - Double(r))
        }
    let turn = Double(sixths) / 6 + 1
    let hue = Float(turn >= 1 ? turn - 1 : turn)
    return (UInt8(Double(hue) * 255), UInt8(Double(saturation) * 255), most)
}

/// A sixth of the circle of hues, and where in it a hue lies.
private struct HueSector {
    private let sector: Int
    private let fraction: Float

    init(hue: UInt8) {
        let sixths = Double(Float(hue)) * 6 / 255
        sector = Int(sixths)
        fraction = Float(sixths - Double(Float(sector)))
    }

    /// Red, green and blue.
    @inline(__always)
    func colour(saturation: UInt8, value: UInt8) -> (UInt8, UInt8, UInt8) {
        guard saturation > 0 else { return (value, value, value) }
        let share = Double(Float(Double(saturation) / 255))
        let (full, fraction) = (Double(value), Double(fraction))
        let low = Self.byte(full * (1 - share))
        let falling = Self.byte(full * (1 - share * fraction))
        let rising = Self.byte(full * (1 - share * (1 - fraction)))
        switch sector % 6 {
        case 0: return (value, rising, low)
        case 1: return (falling, value, low)
        case 2: return (low, value, rising)
        case 3: return (low, falling, value)
        case 4: return (rising, low, value)
        default: return (value, low, falling)
        }
    }

    /// Rounded, halves up: no value is negative.
    @inline(__always)
    private static func byte(_ value: Double) -> UInt8 { UInt8(min(value + 0.5, 255)) }
}
