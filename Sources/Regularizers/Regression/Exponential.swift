internal import Foundation

/// eˣ in 64 bits: one name for it, so that files without other need of Foundation do without.
func exponential(_ x: Double) -> Double { exp(x) }

/// ln Σ exp(xᵢ) over a part of an array, without overflow.
func logarithmOfSum(_ values: [Double], _ range: Range<Int>) -> Double {
    var largest = -Double.infinity
    for index in range { largest = max(largest, values[index]) }
    guard largest.isFinite else { return largest }
    var sum = 0.0
    for index in range { sum += exp(values[index] - largest) }
    return largest + log(sum)
}

/// ln x in 64 bits; −∞ at 0.
func logarithm(_ x: Double) -> Double { log(x) }
