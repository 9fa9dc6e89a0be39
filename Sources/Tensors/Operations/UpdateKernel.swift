/// The rule of an optimizer for one element of a parameter.
protocol UpdateKernel {
    /// Elements of the parameter.
    var w: UnsafeMutablePointer<Float> { get }
    /// Gradient of the objective, without the penalty's.
    var g: UnsafeMutablePointer<Float> { get }

    /// Moves an element.
    ///
    /// - Parameters:
    ///   - index: The element.
    ///   - gradient: Gradient of the objective by it, the penalty's included.
    func move(_ index: Int, gradient: Float)
}

extension UpdateKernel {
    /// Moves all elements in one pass over memory.
    ///
    /// - Parameters:
    ///   - count: Number of elements.
    ///   - penalty: A quadratic term of the objective, or nil.
    /// - Returns: `½‖w − anchor‖²` before the step, or 0 without a penalty.
    func moveAll(_ count: Int, penalty: QuadraticPenalty?) -> Double {
        guard let penalty else {
            parallelRanges(count) { range in
                for index in range { move(index, gradient: g[index]) }
            }
            return 0
        }
        let anchor = penalty.anchor?.pointer
        let strength = Float(penalty.strength)
        let squares = partialSums(count) { range in
            var sum = 0.0
            for index in range {
                let deviation = w[index] - (anchor.map { $0[index] } ?? 0)
                sum += Double(deviation) * Double(deviation)
                move(index, gradient: g[index] + strength * deviation)
            }
            return sum
        }
        return squares / 2
    }
}
