/// What each pixel of a resized line is made of: as many neighbouring pixels of the line for each, and their weights
/// in whole numbers of 2⁻²², as Pillow rounds them.
struct ResamplingTable: Sendable {
    /// Fractional bits of a weight; two bits more are needed before the point, for sign and overshoot.
    static let fractionBits: Int32 = 22

    /// Pixels that each result is made of, at most all of the line.
    private(set) var taps = 1
    /// The first of them for each result.
    private(set) var firsts: [Int] = []
    /// The weights, `taps` for each result.
    private(set) var weights: [Int32] = []

    /// What the table was made for.
    private struct Key: Equatable {
        let input: Int
        let output: Int
        let kept: Range<Int>
        let interpolation: Interpolation
    }

    private var key: Key?
    private var exact: [Double] = []

    /// A table of nothing.
    init() {}

    /// Pixels of the line that some result is made of.
    var used: Range<Int> { firsts[0]..<firsts[firsts.count - 1] + taps }

    /// Makes the table for the `kept` pixels of a line of `output` that is made of one of `input`, unless it is that
    /// already. Storage is reused.
    mutating func prepare(
        input: Int, output: Int, kept: Range<Int>, _ interpolation: Interpolation
    ) {
        let key = Key(input: input, output: output, kept: kept, interpolation: interpolation)
        guard key != self.key else { return }
        self.key = key
        let scale = Double(input) / Double(output)
        let filterScale = max(scale, 1)
        let support = interpolation.support * filterScale
        func neighbours(_ result: Int) -> (centre: Double, range: Range<Int>) {
            let centre = (Double(result) + 0.5) * scale
            let first = max(Int(centre - support + 0.5), 0)
            return (centre, first..<min(Int(centre + support + 0.5), input))
        }
        taps = kept.reduce(1) { max($0, neighbours($1).range.count) }
        resize(to: kept.count)
        for (row, result) in kept.enumerated() {
            let (centre, range) = neighbours(result)
            // Every result has as many neighbours; the weights of the others stay 0.
            let first = min(range.lowerBound, input - taps)
            firsts[row] = first
            var sum = 0.0
            for pixel in range {
                let weight = interpolation.weight((Double(pixel) - centre + 0.5) * (1 / filterScale))
                exact[pixel - first] = weight
                sum += weight
            }
            for tap in 0..<taps {
                let isNeighbour = range.contains(first + tap)
                let weight = isNeighbour ? (sum == 0 ? exact[tap] : exact[tap] / sum) : 0
                weights[row * taps + tap] = Self.rounded(weight)
            }
        }
    }

    /// The nearest whole number of the weight's unit, halves away from 0.
    private static func rounded(_ weight: Double) -> Int32 {
        let scaled = weight * Double(1 << fractionBits)
        return Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
    }

    private mutating func resize(to count: Int) {
        func fit<Value>(_ list: inout [Value], _ count: Int, _ value: Value) {
            if list.count > count { list.removeLast(list.count - count) }
            if list.count < count { list.append(contentsOf: repeatElement(value, count: count - list.count)) }
        }
        fit(&firsts, count, 0)
        fit(&weights, count * taps, 0)
        fit(&exact, taps, 0)
    }
}
