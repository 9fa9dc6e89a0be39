internal import Foundation

// Drawn here and not with the standard library's methods, whose algorithms may change between its versions.
extension KeyedRandom {
    /// A number of the range, its upper bound excluded, in steps of 2⁻²⁴ of its width. Takes one word.
    public mutating func uniform(in range: Range<Float>) -> Float {
        precondition(!range.isEmpty, "no number in the empty range \(range)")
        let unit = Float(next() >> 40) * 0x1p-24
        let value = range.lowerBound + unit * (range.upperBound - range.lowerBound)
        // Rounding may reach the bound, for example in 1 ..< 1.0000001.
        return min(value, range.upperBound.nextDown)
    }

    /// An integer of `0 ..< bound`, each equally likely.
    ///
    /// Source: Lemire, "Fast random integer generation in an interval", ACM TOMACS 2019.
    public mutating func integer(below bound: Int) -> Int {
        precondition(bound > 0, "no integer in 0 ..< \(bound)")
        let bound = UInt64(bound)
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            let threshold = (0 &- bound) % bound
            while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
        }
        return Int(product.high)
    }

    /// A number of the normal distribution with mean 0 and variance 1. Takes two words.
    ///
    /// Of the pair that the method yields, one is thrown away: a draw then never depends on an earlier one.
    ///
    /// Source: Box and Muller, "A note on the generation of random normal deviates", 1958.
    public mutating func normal() -> Float {
        // In (0, 1], where the logarithm is finite.
        let radius = (-2 * log(Double((next() >> 11) + 1) * 0x1p-53)).squareRoot()
        return Float(radius * cos(2 * Double.pi * Double(next() >> 11) * 0x1p-53))
    }

    /// `0 ..< count` in random order, each order equally likely (Fisher and Yates).
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, integer(below: last + 1))
        }
        return order
    }
}
