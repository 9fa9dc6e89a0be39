extension Tape {
    /// `max(x, 0)`, or for ReLU6 `min(max(x, 0), 6)` with `ceiling: 6`.
    public func rectified(_ input: Variable, ceiling: Float = .infinity) -> Variable {
        let x = input.value
        let y = Tensor(uninitialized: x.shape, layout: x.layout)
        let (from, to) = (x.pointer, y.pointer)
        parallelRanges(x.storedCount) { range in
            for index in range { to[index] = min(max(from[index], 0), ceiling) }
        }
        withExtendedLifetime((x, y)) {}
        return record(y, from: [input]) { gradient in
            let dy = gradient.with(layout: y.layout)
            let dx = Tensor(uninitialized: y.shape, layout: y.layout)
            let (slope, output, result) = (dy.pointer, y.pointer, dx.pointer)
            parallelRanges(y.storedCount) { range in
                for index in range {
                    result[index] = output[index] > 0 && output[index] < ceiling ? slope[index] : 0
                }
            }
            withExtendedLifetime((dy, y, dx)) {}
            input.accumulate(dx)
        }
    }

    /// `a + b` of equal shapes; the result has the layout of `a`.
    public func add(_ a: Variable, _ b: Variable) -> Variable {
        precondition(a.shape == b.shape, "sum of \(a.shape) and \(b.shape)")
        let (left, right) = (a.value, b.value.with(layout: a.value.layout))
        let result = Tensor(uninitialized: left.shape, layout: left.layout)
        let (first, second, to) = (left.pointer, right.pointer, result.pointer)
        parallelRanges(left.storedCount) { range in
            for index in range { to[index] = first[index] + second[index] }
        }
        withExtendedLifetime((left, right, result)) {}
        return record(result, from: [a, b]) { gradient in
            if a.requiresGradient { a.accumulate(gradient) }
            if b.requiresGradient { b.accumulate(gradient) }
        }
    }

    /// `factor · x`.
    public func scaled(_ input: Variable, by factor: Float) -> Variable {
        let x = input.value
        return record(x.scaled(by: factor), from: [input]) { gradient in
            input.accumulate(gradient.scaled(by: factor))
        }
    }
}

extension Tensor {
    /// `result[i] = transform(self[i], other[i])` for dense tensors of one shape: what a pullback without a
    /// kernel of its own is written with. `transform` may run on several threads at once.
    public func combined(with other: Tensor, _ transform: (Float, Float) -> Float) -> Tensor {
        precondition(
            shape == other.shape && layout == .dense && other.layout == .dense,
            "dense tensors of one shape expected, not \(shape) and \(other.shape)")
        let result = Tensor(uninitialized: shape)
        let (left, right, to) = (pointer, other.pointer, result.pointer)
        parallelRanges(count) { range in
            for index in range { to[index] = transform(left[index], right[index]) }
        }
        withExtendedLifetime((self, other, result)) {}
        return result
    }

    /// A tensor of the same layout with each element multiplied.
    public func scaled(by factor: Float) -> Tensor {
        let result = Tensor(uninitialized: shape, layout: layout)
        let (from, to) = (pointer, result.pointer)
        parallelRanges(storedCount) { range in
            for index in range { to[index] = factor * from[index] }
        }
        withExtendedLifetime((self, result)) {}
        return result
    }
}
