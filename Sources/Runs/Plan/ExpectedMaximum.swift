internal import Foundation

/// Expectations of the largest of several random numbers.
enum ExpectedMaximum {
    /// The expected largest of n draws of values v₁ ≤ … ≤ vₘ, each as likely: `Σ v_k ((k/m)ⁿ − ((k−1)/m)ⁿ)`.
    static func ofDraws(_ count: Int, from values: [Double]) -> Double {
        let size = Double(values.count)
        func share(_ rank: Int) -> Double { pow(Double(rank) / size, Double(count)) }
        return values.sorted().enumerated().reduce(0) {
            $0 + $1.element * (share($1.offset + 1) - share($1.offset))
        }
    }

    /// About the expected largest of n independent numbers of mean 0 and deviation 1: `Φ⁻¹((n − 3/8) / (n + 1/4))`,
    /// within 0.03. 0 for one.
    ///
    /// Blom, Statistical estimates and transformed beta-variables, 1958.
    static func ofNormals(_ count: Int) -> Double {
        guard count > 1 else { return 0 }
        // The tail, so that many ranks lose no digits.
        let tail = 0.625 / (Double(count) + 0.25)
        var (low, high) = (0.0, 20.0)
        for _ in 0..<80 {
            let middle = (low + high) / 2
            if erfc(middle / 2.0.squareRoot()) / 2 > tail { low = middle } else { high = middle }
        }
        return low
    }
}
