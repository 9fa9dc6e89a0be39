/// How networks with a width multiplier choose numbers of channels.
enum ChannelRounding {
    /// The multiple of 8 next to `channels · width`, at least 8 and not more than a tenth below the product.
    ///
    /// `_make_divisible` of TensorFlow's models, which torchvision and timm repeat.
    static func scaled(_ channels: Int, by width: Double) -> Int {
        let exact = Double(channels) * width
        let nearest = max(8, Int(exact + 4) / 8 * 8)
        return Double(nearest) < 0.9 * exact ? nearest + 8 : nearest
    }
}
