import Tensors

/// The value of a scalar operation and the gradient of its only input.
public func valueAndGradient(
    _ x: Tensor, _ operation: (Tape, Variable) throws -> Variable
) throws -> (value: Tensor, gradient: Tensor) {
    let tape = Tape()
    let variable = Variable(x, requiresGradient: true)
    let output = try operation(tape, variable)
    try tape.backward(from: output)
    guard let gradient = variable.gradient else { throw MissingGradient() }
    return (output.value, gradient)
}

/// A backward pass that did not reach the input.
public struct MissingGradient: Error {}
