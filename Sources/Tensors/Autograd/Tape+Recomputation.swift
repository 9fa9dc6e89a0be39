extension Tape {
    /// Runs a part of the forward pass without keeping what its backward pass needs. When that comes to the part, the
    /// part is run again, and its gradients are computed from there: about a third more time, for the memory of all
    /// that lies between input and output.
    ///
    /// The gradients of `parameters` count as complete once the whole part is done. They have the bits that they have
    /// without this, if `forward` computes the same twice.
    /// Chen, Xu, Zhang and Guestrin, Training deep nets with sublinear memory cost, 2016.
    ///
    /// - Parameters:
    ///   - input: What the part depends on besides its parameters.
    ///   - parameters: All leaves in the part whose gradients may be asked for.
    ///   - forward: The part, on the tape and from the input that it is given. Called twice where a gradient is needed,
    ///     first on a tape that does not record.
    /// - Returns: The part's output.
    /// - Throws: What `forward` throws; in the backward pass, that ends it.
    public func recomputing(
        _ input: Variable, parameters: [Variable],
        _ forward: @escaping (Tape, Variable) throws -> Variable
    ) throws -> Variable {
        let (x, observer) = (input.value, observer)
        let y = try forward(Tape(recording: false, observer: observer), Variable(x)).value
        return record(
            y, from: [input] + parameters,
            taking: { output in
                guard let gradient = output.takeGradient() else { return }
                let tape = Tape(observer: observer)
                let start = Variable(x, requiresGradient: input.requiresGradient, isResult: true)
                let end = try forward(tape, start)
                end.accumulate(gradient)
                try tape.pullBack()
                let addend = start.takeAddend()
                for part in [start.takeGradient(), addend].compactMap({ $0 }) { input.accumulate(part) }
            })
    }
}
