extension Tape {
    /// `max(x, 0)`, or for ReLU6 `min(max(x, 0), 6)` with `ceiling: 6`.
    public func rectified(_ input: Variable, ceiling: Float = .infinity) -> Variable {
        switch input.value.elementType {
        case .float32: rectified(input, ceiling, Float.self)
        case .bfloat16: rectified(input, ceiling, BFloat16.self)
        }
    }

    private func rectified<Element: StoredElement>(
        _ input: Variable, _ ceiling: Float, _ type: Element.Type
    ) -> Variable {
        let x = input.value
        let y = Tensor(uninitialized: x.shape, layout: x.layout, elementType: x.elementType)
        let (from, to) = (x.pointer(to: type), y.pointer(to: type))
        parallelRanges(x.storedCount) { range in
            for index in range { to[index] = Element(rounding: min(max(from[index].widened, 0), ceiling)) }
        }
        withExtendedLifetime((x, y)) {}
        return record(y, from: [input]) { gradient in
            let dy = gradient.with(layout: y.layout).converted(to: y.elementType)
            let dx = Tensor(uninitialized: y.shape, layout: y.layout, elementType: y.elementType)
            let (slope, output, result) = (dy.pointer(to: type), y.pointer(to: type), dx.pointer(to: type))
            parallelRanges(y.storedCount) { range in
                for index in range {
                    let value = output[index].widened
                    result[index] = value > 0 && value < ceiling ? slope[index] : Element(rounding: 0)
                }
            }
            withExtendedLifetime((dy, y, dx)) {}
            input.accumulate(dx)
        }
    }

    /// `a + b` of equal shapes; the result has the layout and the type of `a`.
    public func add(_ a: Variable, _ b: Variable) -> Variable {
        precondition(a.shape == b.shape, "sum of \(a.shape) and \(b.shape)")
        let result = a.value.duplicate()
        Reorder.run(from: b.value, into: result, accumulating: true)
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
    /// `result[i] = transform(self[i], other[i])` for dense tensors of 32-bit floats of one shape: what a pullback without a
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
        switch elementType {
        case .float32: scaled(by: factor, Float.self)
        case .bfloat16: scaled(by: factor, BFloat16.self)
        }
    }

    private func scaled<Element: StoredElement>(by factor: Float, _ type: Element.Type) -> Tensor {
        let result = Tensor(uninitialized: shape, layout: layout, elementType: elementType)
        let (from, to) = (pointer(to: type), result.pointer(to: type))
        parallelRanges(storedCount) { range in
            for index in range { to[index] = Element(rounding: factor * from[index].widened) }
        }
        withExtendedLifetime((self, result)) {}
        return result
    }
}
