internal import Foundation

/// Where values stand along a side of a chart, and which of them are named there.
struct ChartAxis {
    private let low: Double
    private let high: Double
    private let isLogarithmic: Bool
    /// Values that are named.
    let ticks: [Double]

    /// Beyond this a number is none that a picture could show.
    private static let largest = 1e30
    /// And below this it is as good as 0.
    private static let smallest = 1e-30

    /// Whether a value can be shown at all.
    static func shows(_ value: Double) -> Bool { abs(value) < largest }

    /// An axis for values.
    ///
    /// - Parameters:
    ///   - values: Those that are shown; what is not finite is left out.
    ///   - isTight: Whether it ends where they end, and not at the next round number.
    ///   - includesZero: Whether it begins at 0 at the latest.
    ///   - isLogarithmic: Whether equal factors are equal distances, where values are positive and a factor of ten apart.
    init(
        _ values: [Double], isTight: Bool = false, includesZero: Bool = false, isLogarithmic: Bool = false
    ) {
        let shown = values.filter(Self.shows)
        var (low, high) = (shown.min() ?? 0, shown.max() ?? 1)
        if includesZero { (low, high) = (min(low, 0), max(high, 0)) }
        self.isLogarithmic = isLogarithmic && low > Self.smallest && high / low >= 10
        if self.isLogarithmic {
            (self.low, self.high) = (log10(low).rounded(.down), log10(high).rounded(.up))
            let step = max(1, Int(((self.high - self.low) / 5).rounded(.up)))
            ticks = stride(from: Int(self.low), through: Int(self.high), by: step).map { pow(10, Double($0)) }
            return
        }
        let magnitude = max(abs(low), abs(high))
        if high - low <= max(1e-9 * magnitude, Self.smallest) {
            let margin = magnitude < Self.smallest ? 1 : magnitude * 0.1
            (low, high) = (low - margin, high + margin)
        }
        let step = Self.roundStep((high - low) / 4)
        if !isTight { (low, high) = ((low / step).rounded(.down) * step, (high / step).rounded(.up) * step) }
        let (first, last) = ((low / step).rounded(.up), (high / step).rounded(.down))
        ticks = stride(from: first, through: last, by: 1).map { $0 * step }
        (self.low, self.high) = (low, high)
    }

    /// From 0 at the beginning to 1 at the end.
    func place(_ value: Double) -> Double {
        let value = isLogarithmic ? log10(max(value, Self.smallest)) : value
        return (value - low) / (high - low)
    }

    /// The smallest of 1, 2, 2.5, 5 and 10 times a power of ten that is not smaller.
    private static func roundStep(_ step: Double) -> Double {
        let power = pow(10, log10(step).rounded(.down))
        return ([1, 2, 2.5, 5].first { $0 * power >= step * 0.999 } ?? 10) * power
    }
}
