/// The interval of 95 % of a share that was counted (Wilson, JASA 1927): unlike p ± 1.96 σ it holds for few samples and at
/// the ends.
package enum WilsonInterval {
    private static let z = 1.959963984540054

    /// - Parameters:
    ///   - share: What was found.
    ///   - count: Of how many.
    /// - Returns: The interval, within 0 to 1; nil where there is no share of anything.
    package static func of(share: Double, count: Int) -> ClosedRange<Double>? {
        guard (0...1).contains(share), count > 0 else { return nil }
        let n = Double(count)
        let z2 = z * z
        let center = (share + z2 / (2 * n)) / (1 + z2 / n)
        let half = z / (1 + z2 / n) * (share * (1 - share) / n + z2 / (4 * n * n)).squareRoot()
        return max(0, center - half)...min(1, center + half)
    }
}
