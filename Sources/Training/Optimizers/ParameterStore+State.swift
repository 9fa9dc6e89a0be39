package import ModelFiles
package import ProcessGroups
package import Regularizers
internal import Tensors

extension ParameterStore {
    /// Prefix of everything that belongs to the optimizer.
    private static let prefix = "optimizer."

    private static func stepName(_ parameter: String) -> String { prefix + "step." + parameter }

    /// Values and slots as a checkpoint names them: `parameter.NAME` and `optimizer.SLOT.NAME`.
    package var namedTensors: [NamedTensor] {
        entries.flatMap { entry in
            let name = entry.parameter.name
            return [NamedTensor("parameter." + name, entry.parameter.variable.value)]
                + zip(slotNames, entry.slots).map { NamedTensor(Self.prefix + $0 + "." + name, $1) }
        }
    }

    /// Whether a name of `namedTensors` is that of one of the given slots.
    func isNeverNegative(_ name: String, _ slots: Set<String>) -> Bool {
        slots.contains { name.hasPrefix(Self.prefix + $0 + ".") }
    }

    /// Writes the number of steps of each parameter, `optimizer.step.NAME`.
    package func addStepCounts(to writer: inout SafetensorsWriter) {
        for entry in entries {
            writer.add(Self.stepName(entry.parameter.name), integers: [Int64(entry.stepCount)], shape: [])
        }
    }

    /// Restores the number of steps of each parameter.
    ///
    /// - Parameters:
    ///   - file: The state.
    ///   - limit: Steps of the run so far.
    /// - Throws: `CheckpointError` where one is missing, negative or more than the limit.
    package func readStepCounts(_ file: SafetensorsFile, upTo limit: Int = .max) throws {
        for index in entries.indices {
            let name = Self.stepName(entries[index].parameter.name)
            guard file.shape(of: name)?.count == 1, let count = try file.integers(name).first,
                (0...limit).contains(count)
            else {
                throw CheckpointError(
                    .damaged, file.path, "tensor '\(name)' is missing or not a number of steps")
            }
            setStepCount(count, of: index)
        }
    }

    /// Gives every rank the values, slots and numbers of steps of rank 0.
    ///
    /// - Throws: What the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func replicate(over group: any ProcessGroup) throws {
        for buffer in [values] + slots {
            try buffer.withMutableElements { try group.broadcast($0, from: 0) }
        }
        var counts = entries.map { Int64($0.stepCount) }
        try group.broadcast(&counts, from: 0)
        for (index, count) in counts.enumerated() { setStepCount(Int(count), of: index) }
        for entry in entries { entry.parameter.variable.valueDidChange() }
    }
}
