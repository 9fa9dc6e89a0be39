/// How an image is resized: by which function neighbouring pixels are weighted.
///
/// Both are stretched by the factor of a reduction, so that every pixel counts (antialiasing), as Pillow does.
public enum Interpolation: String, Sendable, CaseIterable {
    /// A triangle, `1 − |x|` for |x| < 1.
    case bilinear
    /// Keys' cubic convolution with a = −1/2.
    ///
    /// Source: Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 1981.
    case bicubic

    /// The weight is 0 from this distance on, in pixels of the coarser image.
    var support: Double {
        switch self {
        case .bilinear: 1
        case .bicubic: 2
        }
    }

    /// The weight of a pixel at a distance. The order of operations is Pillow's, for equal rounding.
    func weight(_ distance: Double) -> Double {
        let x = abs(distance)
        switch self {
        case .bilinear: return x < 1 ? 1 - x : 0
        case .bicubic:
            if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0
        }
    }
}
