internal import Tensors

/// Changes brightness, contrast, saturation and hue of images by random amounts in random order, as torchvision's
/// `ColorJitter` does on Pillow's 8-bit images.
///
/// The factors of the first three are uniform in `max(0, 1 − v) … 1 + v`, the turn of the hue in `−v … v` of the circle.
public struct ColorJitter: ImageTransform {
    /// Largest change of the brightness, at least 0.
    public let brightness: Float
    /// Largest change of the contrast, at least 0.
    public let contrast: Float
    /// Largest change of the saturation, at least 0.
    public let saturation: Float
    /// Largest turn of the hue, 0 … 0.5.
    public let hue: Float

    /// Changes up to the given amounts.
    public init(brightness: Float, contrast: Float, saturation: Float, hue: Float) {
        precondition(
            brightness >= 0 && contrast >= 0 && saturation >= 0 && 0...0.5 ~= hue,
            "changes by \(brightness), \(contrast), \(saturation) and \(hue)")
        (self.brightness, self.contrast) = (brightness, contrast)
        (self.saturation, self.hue) = (saturation, hue)
    }

    /// Changes up to one amount, of the hue up to half a turn.
    public init(_ amount: Float) {
        self.init(brightness: amount, contrast: amount, saturation: amount, hue: min(amount, 0.5))
    }

    /// The size of the input.
    public func outputSize(for input: ImageSize?) -> ImageSize? { input }

    /// Changes the image as the key says.
    public func apply(
        to image: inout PixelImage, scratch: inout TransformScratch, key: AugmentationKey
    ) throws(DataError) {
        for adjustment in adjustments(key) { image.adjust(adjustment) }
    }

    /// The changes of the image of a key, in their order. Each takes its words whatever the amounts are.
    func adjustments(_ key: AugmentationKey) -> [ColorAdjustment] {
        var random = key.random(3)
        let order = random.permutation(4)
        func factor(_ amount: Float) -> Float { random.uniform(in: max(0, 1 - amount)...1 + amount) }
        let all: [(Float, ColorAdjustment)] = [
            (brightness, .brightness(factor(brightness))), (contrast, .contrast(factor(contrast))),
            (saturation, .saturation(factor(saturation))), (hue, .hue(random.uniform(in: -hue...hue))),
        ]
        return order.compactMap { all[$0].0 > 0 ? all[$0].1 : nil }
    }
}

/// A change of the colours of an image with a given factor, as torchvision's `adjust_…` on Pillow's images.
public enum ColorAdjustment: Sendable, Equatable {
    /// Away from black, `f · p`; 1 changes nothing.
    case brightness(Float)
    /// Away from the mean grey, `m + f · (p − m)`; 1 changes nothing.
    case contrast(Float)
    /// Away from the pixel's grey, `g + f · (p − g)`; 1 changes nothing.
    case saturation(Float)
    /// A turn around the circle of hues, −0.5 … 0.5 of it; 0 changes nothing.
    case hue(Float)
}
