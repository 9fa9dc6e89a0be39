/// Where a decreasing function of a positive number is 0.
///
/// It ends for any such function: every third step halves the bracket.
///
/// - Parameters:
///   - function: Decreasing.
///   - lower: Where it is above 0, or 0 itself.
///   - upper: Where it is below 0.
/// - Returns: The root to about 1e-14 of it.
func rootOfDecreasing(_ lower: Double, _ upper: Double, _ function: (Double) -> Double) -> Double {
    var (low, high) = (lower, upper)
    var (lowValue, highValue) = (function(low), function(high))
    guard lowValue > 0 else { return low }
    guard highValue < 0 else { return high }
    var lastSide = 0
    for number in 0..<200 {
        guard high - low > 1e-14 * high else { break }
        // The Illinois variant of regula falsi: an end that stays counts half the next time. Every third step halves.
        var middle = (low * highValue - high * lowValue) / (highValue - lowValue)
        if number % 3 == 2 || !(middle > low && middle < high) { middle = (low + high) / 2 }
        let value = function(middle)
        if value == 0 { return middle }
        if value > 0 {
            (low, lowValue) = (middle, value)
            if lastSide == 1 { highValue /= 2 }
            lastSide = 1
        } else {
            (high, highValue) = (middle, value)
            if lastSide == -1 { lowValue /= 2 }
            lastSide = -1
        }
    }
    return (low + high) / 2
}
