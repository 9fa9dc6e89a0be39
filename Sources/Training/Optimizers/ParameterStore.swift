package import Layers
package import Tensors

/// All trained parameters of a rank in long buffers: values, gradients, and one buffer for each slot of the optimizer.
///
/// The parameters become views of the buffers. They lie in the reverse order of their use, which is about
/// the order in which a backward pass completes their gradients, so that a bucket of gradients that is ready
/// for the all-reduce is one contiguous range, and nothing is copied to send it. The new head comes first: a step
/// that trains it alone works on the beginning of each buffer.
package final class ParameterStore {
    /// A parameter and where it lies.
    package struct Entry {
        package let parameter: Parameter
        package let group: ParameterGroup
        package let range: Range<Int>
        package let gradient: Tensor
        /// The optimizer's state of the parameter, in the order of `slotNames`.
        package let slots: [Tensor]
        /// Steps that have moved the parameter.
        package var stepCount = 0
    }

    package private(set) var entries: [Entry]
    /// Names of the optimizer's slots.
    package let slotNames: [String]
    /// The head is before this entry.
    let headCount: Int
    let values: Tensor
    let gradients: Tensor
    let slots: [Tensor]

    /// Moves the parameters of all groups into the buffers.
    ///
    /// - Parameters:
    ///   - groups: The parameters.
    ///   - slotNames: Names of the optimizer's slots, which start as zeros.
    package init(_ groups: [ParameterGroup], slotNames: [String]) {
        // Each parameter begins on a cache line.
        let inOrder = groups.filter { $0.part != .head } + groups.filter { $0.part == .head }
        let members = inOrder.flatMap { group in group.parameters.map { ($0, group) } }.reversed()
        var ranges: [Range<Int>] = []
        var end = 0
        for (parameter, _) in members {
            ranges.append(end..<end + parameter.count)
            end = (end + parameter.count + 15) / 16 * 16
        }
        let (values, gradients) = (Tensor(repeating: 0, [end]), Tensor(repeating: 0, [end]))
        let slots = slotNames.map { _ in Tensor(repeating: 0, [end]) }
        entries = zip(members, ranges).map { member, range in
            let (parameter, group) = member
            func view(_ buffer: Tensor) -> Tensor { buffer.slice(at: range.lowerBound, parameter.shape) }
            let gradient = view(gradients)
            parameter.variable.move(toValue: view(values), gradient: gradient)
            return Entry(
                parameter: parameter, group: group, range: range, gradient: gradient, slots: slots.map(view))
        }
        headCount = entries.prefix { $0.group.part == .head }.count
        (self.values, self.gradients) = (values, gradients)
        (self.slots, self.slotNames) = (slots, slotNames)
    }

    /// Indices of the entries that a step trains.
    func indices(in scope: TrainingScope) -> Range<Int> { scope == .head ? 0..<headCount : entries.indices }

    /// Begins a step: forgets all gradients, and lets those in scope be computed.
    package func begin(_ scope: TrainingScope) {
        for entry in entries {
            entry.parameter.variable.clearGradient()
            entry.parameter.variable.requiresGradient = scope.contains(entry.group.part)
        }
    }

    /// Sets the number of steps that have moved a parameter, from a checkpoint.
    func setStepCount(_ count: Int, of index: Int) { entries[index].stepCount = count }

    /// Counts a step of a parameter.
    func countStep(of index: Int) -> Int {
        entries[index].stepCount += 1
        return entries[index].stepCount
    }
}
