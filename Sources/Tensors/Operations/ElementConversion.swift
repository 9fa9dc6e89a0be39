extension Tape {
    /// The same numbers as another type, rounded where it is the narrower one: `y ≈ x`, and the gradient passes.
    ///
    /// The first operation of a network of lower precision, on its images; what follows keeps the type until the
    /// pooling.
    ///
    /// - Parameters:
    ///   - input: Of any shape.
    ///   - type: What the result holds in memory.
    public func converted(_ input: Variable, to type: ElementType) -> Variable {
        guard input.value.elementType != type else { return input }
        return record(input.value.converted(to: type), from: [input]) { input.accumulate($0) }
    }
}
