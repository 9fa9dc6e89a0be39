internal import Layers
internal import Tensors

/// All trained parameters of a rank in three long buffers: values, gradients and momentum.
///
/// The parameters become views of the buffers. They lie in the reverse order of their use, which is about
/// the order in which a backward pass completes their gradients, so that a bucket of gradients that is ready
/// to be summed over the ranks is one contiguous range, and nothing is copied to send it.
final class ParameterStore {
    /// A parameter and where it lies.
    struct Entry {
        let parameter: Parameter
        let group: ParameterGroup
        let range: Range<Int>
        let momentum: Tensor
        let gradient: Tensor
    }

    let entries: [Entry]
    let values: Tensor
    let gradients: Tensor
    let momentum: Tensor

    /// Moves the parameters of all groups into the buffers.
    init(_ groups: [ParameterGroup]) {
        // Each parameter begins on a cache line.
        let members = groups.flatMap { group in group.parameters.map { ($0, group) } }.reversed()
        var ranges: [Range<Int>] = []
        var end = 0
        for (parameter, _) in members {
            ranges.append(end..<end + parameter.count)
            end = (end + parameter.count + 15) / 16 * 16
        }
        let (values, gradients) = (Tensor(repeating: 0, [end]), Tensor(repeating: 0, [end]))
        let momentum = Tensor(repeating: 0, [end])
        entries = zip(members, ranges).map { member, range in
            let (parameter, group) = member
            let gradient = gradients.slice(at: range.lowerBound, parameter.shape)
            parameter.variable.move(
                toValue: values.slice(at: range.lowerBound, parameter.shape), gradient: gradient)
            return Entry(
                parameter: parameter, group: group, range: range,
                momentum: momentum.slice(at: range.lowerBound, parameter.shape), gradient: gradient)
        }
        (self.values, self.gradients, self.momentum) = (values, gradients, momentum)
    }

    /// Chooses which parameters get gradients: all, or those of the new head.
    func setTraining(headOnly: Bool) {
        for entry in entries {
            entry.parameter.variable.requiresGradient = !headOnly || entry.group.part == .head
        }
    }

    /// Forgets all gradients, at the start of a step.
    func clearGradients() {
        for entry in entries { entry.parameter.variable.clearGradient() }
    }
}
