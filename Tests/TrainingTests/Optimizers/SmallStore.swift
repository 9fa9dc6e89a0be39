import Layers
import Tensors
import Training

/// A parameter with the given elements.
func parameter(_ name: String, _ elements: [Float]) -> Parameter {
    let parameter = Parameter(name: name, shape: [elements.count])
    parameter.variable.assign(Tensor([elements.count], elements))
    return parameter
}

/// A store of a backbone of two elements, trained at a tenth of the rate, and a head of one.
func smallStore(slotNames: [String] = []) -> ParameterStore {
    ParameterStore(
        [
            ParameterGroup(
                name: "backbone", part: .backbone, learningRateMultiplier: 0.1,
                parameters: [parameter("w", [1, 2])]),
            ParameterGroup(
                name: "head", part: .head, learningRateMultiplier: 1, parameters: [parameter("v", [5])]),
        ], slotNames: slotNames)
}

extension ParameterStore {
    /// The entry of a parameter.
    func entry(_ name: String) throws -> Entry {
        guard let found = entries.first(where: { $0.parameter.name == name }) else {
            throw MissingParameter(name: name)
        }
        return found
    }

    /// Sets the gradients, in the order of the names.
    func setGradients(_ gradients: [String: [Float]]) throws {
        for (name, elements) in gradients {
            try entry(name).gradient.copy(from: Tensor([elements.count], elements))
        }
    }

    /// The elements of a parameter.
    func value(_ name: String) throws -> [Float] { try entry(name).parameter.variable.value.elements }
}

private struct MissingParameter: Error {
    let name: String
}
