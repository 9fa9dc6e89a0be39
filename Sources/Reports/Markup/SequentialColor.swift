/// Shades of blue from nearly white to nearly black: one hue, readable without color vision and in print.
enum SequentialColor {
    private static let stops: [(red: Float, green: Float, blue: Float)] = [
        (247, 251, 255), (158, 202, 225), (33, 113, 181), (8, 38, 84),
    ]

    /// The shade at a place between 0, the lightest, and 1, as `#rrggbb`.
    static func hexadecimal(_ place: Float) -> String {
        let scaled = min(max(place, 0), 1) * Float(stops.count - 1)
        let first = min(Int(scaled), stops.count - 2)
        let part = scaled - Float(first)
        let (from, to) = (stops[first], stops[first + 1])
        func digits(_ from: Float, _ to: Float) -> String {
            let value = Int((from + part * (to - from)).rounded())
            return (value < 16 ? "0" : "") + String(value, radix: 16)
        }
        return "#" + digits(from.red, to.red) + digits(from.green, to.green) + digits(from.blue, to.blue)
    }
}
