extension Tape {
    /// `Σ x · c` over all elements, summed in 64 bits.
    ///
    /// - Parameters:
    ///   - input: Of any shape and layout.
    ///   - constant: Of the same shape; no gradient flows into it.
    /// - Returns: A scalar.
    public func dot(_ input: Variable, _ constant: Tensor) -> Variable {
        precondition(input.shape == constant.shape, "dot product of \(input.shape) and \(constant.shape)")
        let (x, c) = (input.value.dense(), constant.dense())
        let sum = x.withElements { left in
            c.withElements { right in
                partialSums(left.count) { range in
                    range.reduce(0.0) { $0 + Double(left[$1]) * Double(right[$1]) }
                }
            }
        }
        return record(Tensor(scalar: Float(sum)), from: [input]) { gradient in
            input.accumulate(c.scaled(by: gradient.scalar))
        }
    }
}
