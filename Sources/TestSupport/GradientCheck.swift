import Tensors

/// Compares the gradients that a tape computes with central differences, in the manner of Julia's
/// ChainRulesTestUtils: nil if they agree, else a text that says where they do not.
///
/// The operation's output, of any shape, is contracted with fixed random numbers `c`:
/// `f(x) = Σ c · operation(x)`, and the gradient of `f` by element `i` must be
/// `(f(x + step · eᵢ) − f(x − step · eᵢ)) / (2 · step)`. Checked besides:
/// - an input that alone needs a gradient gets the same one, and inputs that need none get none;
/// - an operation used twice on one tape gives twice the gradient.
///
/// - Parameters:
///   - inputs: Names, for the report, and values.
///   - step: Half the distance of the differences: large for operations that are linear in each input.
///   - absolute: Tolerated difference.
///   - relative: Tolerated difference as a part of the quotient.
///   - largestCount: Elements checked of each input; a random choice where it has more.
///   - operation: Must be the same function each time it is called.
public func gradientMismatch(
    _ inputs: KeyValuePairs<String, Tensor>, step: Float = 1e-2, absolute: Double = 1e-3,
    relative: Double = 1e-3, largestCount: Int = 60,
    operation: @escaping (Tape, [Variable]) throws -> Variable
) throws -> String? {
    let check = GradientCheck(values: inputs.map(\.value), operation: operation)
    let output = try check.output(of: check.values)
    let cotangent = randomTensor(output.shape, seed: 4_711)
    let all = try check.gradients(cotangent, needed: Set(check.values.indices))
    for (index, name) in inputs.map(\.key).enumerated() {
        guard let gradient = all[index] else { return "no gradient for \(name)" }
        let alone = try check.gradients(cotangent, needed: [index])
        for (other, unneeded) in alone.enumerated() where other != index && unneeded != nil {
            return "a gradient for \(inputs[other].key), which needs none"
        }
        guard let own = alone[index] else { return "no gradient for \(name) alone" }
        if let text = mismatch(own, gradient, absolute: 1e-5, relative: 1e-5) {
            return "gradient of \(name), when it alone needs one: \(text)"
        }
        if let text = try check.differenceMismatch(
            index, gradient, cotangent, step: step, absolute: absolute, relative: relative,
            largestCount: largestCount)
        {
            return "gradient of \(name) against differences: \(text)"
        }
    }
    let doubled = try check.gradients(cotangent, needed: Set(check.values.indices), uses: 2)
    for (index, name) in inputs.map(\.key).enumerated() {
        guard let single = all[index], let double = doubled[index] else { return "no gradient for \(name)" }
        let expected = single.elements.map { 2 * Double($0) }
        if let text = mismatch(double, expected, absolute: 1e-5, relative: 1e-5) {
            return "gradient of \(name), used twice: \(text)"
        }
    }
    return nil
}

private struct GradientCheck {
    let values: [Tensor]
    let operation: (Tape, [Variable]) throws -> Variable

    func output(of values: [Tensor]) throws -> Tensor {
        try operation(Tape(recording: false), values.map { Variable($0) }).value
    }

    /// Gradients of `uses · Σ cotangent · operation`; nil for inputs without one.
    func gradients(_ cotangent: Tensor, needed: Set<Int>, uses: Int = 1) throws -> [Tensor?] {
        let tape = Tape()
        let variables = values.enumerated().map { Variable($1, requiresGradient: needed.contains($0)) }
        var objective = tape.dot(try operation(tape, variables), cotangent)
        for _ in 1..<uses {
            objective = tape.add(objective, tape.dot(try operation(tape, variables), cotangent))
        }
        try tape.backward(from: objective)
        return variables.map(\.gradient)
    }

    func differenceMismatch(
        _ input: Int, _ gradient: Tensor, _ cotangent: Tensor, step: Float, absolute: Double,
        relative: Double, largestCount: Int
    ) throws -> String? {
        let elements = values[input].elements
        let weights = cotangent.elements
        let chosen = Self.choice(of: elements.count, largestCount: largestCount)
        let quotients = try chosen.map { index in
            // The distance that rounding leaves, not the one asked for.
            var (above, below) = (elements, elements)
            above[index] += step
            below[index] -= step
            let distance = Double(above[index]) - Double(below[index])
            let high = try output(replacing: input, by: above)
            let low = try output(replacing: input, by: below)
            let difference = weights.indices.reduce(0.0) { sum, position in
                sum + Double(weights[position]) * (Double(high[position]) - Double(low[position]))
            }
            return difference / distance
        }
        let analytic = gradient.elements
        return mismatch(
            chosen.map { Double(analytic[$0]) }, quotients, absolute: absolute, relative: relative)
    }

    private func output(replacing input: Int, by elements: [Float]) throws -> [Float] {
        var changed = values
        changed[input] = Tensor(values[input].shape, elements).with(layout: values[input].layout)
        return try output(of: changed).elements
    }

    private static func choice(of count: Int, largestCount: Int) -> [Int] {
        guard count > largestCount else { return Array(0..<count) }
        var random = KeyedRandom(seed: 99, purpose: .sampling)
        return Array((0..<count).shuffled(using: &random)[..<largestCount])
    }
}
