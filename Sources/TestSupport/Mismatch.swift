import Tensors

/// Compares all elements of two tensors: nil if each is within `absolute + relative · |expected|`.
///
/// Tests write `#expect(mismatch(a, b, absolute: 1e-6, relative: 1e-5) == nil)`; the text, with the worst
/// element and how many others are wrong, shows when that fails. A NaN never agrees with anything, and
/// infinities agree only with themselves.
public func mismatch(
    _ actual: Tensor, _ expected: Tensor, absolute: Double = 0, relative: Double
) -> String? {
    guard actual.shape == expected.shape else {
        return "shape \(actual.shape), expected \(expected.shape)"
    }
    return mismatch(
        actual.elements.map(Double.init), expected.elements.map(Double.init), absolute: absolute,
        relative: relative, shape: expected.shape)
}

/// Compares all elements of two lists of numbers, as for tensors.
public func mismatch(
    _ actual: [Double], _ expected: [Double], absolute: Double = 0, relative: Double
) -> String? {
    mismatch(actual, expected, absolute: absolute, relative: relative, shape: [expected.count])
}

/// Compares a tensor with the elements that a naive computation in 64 bits gave, in row-major order.
public func mismatch(
    _ actual: Tensor, _ expected: [Double], absolute: Double = 0, relative: Double
) -> String? {
    mismatch(
        actual.elements.map(Double.init), expected, absolute: absolute, relative: relative,
        shape: actual.shape)
}

private func mismatch(
    _ actual: [Double], _ expected: [Double], absolute: Double, relative: Double, shape: Shape
) -> String? {
    guard actual.count == expected.count else {
        return "\(actual.count) elements, expected \(expected.count)"
    }
    var wrongCount = 0
    var worst = (index: 0, excess: 0.0)
    for (index, (a, b)) in zip(actual, expected).enumerated() where a != b {
        let tolerance = absolute + relative * abs(b)
        let excess = abs(a - b) / tolerance
        if excess <= 1 { continue }  // False for NaN.
        wrongCount += 1
        let comparable = excess.isNaN ? Double.infinity : excess
        if comparable > worst.excess { worst = (index, comparable) }
    }
    guard wrongCount > 0 else { return nil }
    let (a, b) = (actual[worst.index], expected[worst.index])
    return "\(wrongCount) of \(expected.count) elements differ; worst at "
        + "\(position(of: worst.index, in: shape)): \(a), expected \(b), off by \(a - b)"
}

/// `[1, 0, 3]` for an element's place in row-major order.
private func position(of index: Int, in shape: Shape) -> [Int] {
    var rest = index
    var position: [Int] = []
    for extent in shape.dimensions.reversed() {
        position.append(rest % extent)
        rest /= extent
    }
    return position.reversed()
}
