internal import Foundation
import ModelFiles
import ProcessGroups
import Tensors
import TestSupport
import Testing
import Training

/// What an optimizer remembers of each parameter: slots by name, and steps.
@Suite struct OptimizerStateTests {
    /// Adds the gradient to one slot, and notes the number of the step in another.
    private struct Recorder: Optimizer {
        let slotNames = ["total", "latest-step"]

        func update(_ parameter: Tensor, slots: [Tensor], with update: ParameterUpdate) -> Double {
            let totals = zip(slots[0].elements, update.gradient.elements).map(+)
            slots[0].copy(from: Tensor(parameter.shape, totals))
            slots[1].fill(with: Float(update.stepCount))
            return 0
        }
    }

    /// A warm-up step and two of everything.
    private func trained() throws -> ParameterStore {
        let store = smallStore(slotNames: Recorder().slotNames)
        try store.setGradients(["w": [10, 20], "v": [1]])
        for scope in [TrainingScope.head, .all, .all] {
            _ = store.update(scope, by: Recorder(), learningRate: 1, maxGradientNorm: nil) { _ in nil }
        }
        return store
    }

    @Test func aWarmUpOfTheHeadAdvancesTheHeadAlone() throws {
        let store = try trained()
        let (head, backbone) = (try store.entry("v"), try store.entry("w"))
        #expect(head.stepCount == 3 && backbone.stepCount == 2)
        #expect(head.slots.map(\.elements) == [[3], [3]])
        #expect(backbone.slots.map(\.elements) == [[20, 40], [2, 2]])
    }

    @Test func slotsHaveNames() throws {
        let tensors = try trained().namedTensors
        #expect(
            tensors.map(\.name) == [
                "parameter.v", "optimizer.total.v", "optimizer.latest-step.v",
                "parameter.w", "optimizer.total.w", "optimizer.latest-step.w",
            ])
        #expect(tensors[4].tensor.elements == [20, 40])
    }

    /// The head lies first, wherever its group stands: a warm-up all-reduces the beginning of the buffer.
    @Test func theHeadComesFirst() {
        for groups in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let parts: [ParameterGroup] = [
                ParameterGroup(
                    name: "a", part: .backbone, learningRateMultiplier: 1, parameters: [parameter("a", [1])]),
                ParameterGroup(
                    name: "b", part: .method, learningRateMultiplier: 1, parameters: [parameter("b", [1])]),
                ParameterGroup(
                    name: "c", part: .head, learningRateMultiplier: 1, parameters: [parameter("c", [1])]),
            ]
            #expect(ParameterStore(groups.map { parts[$0] }, slotNames: []).entries[0].group.part == .head)
        }
    }

    @Test func aStateThatIsRestoredIsTheSameOnEveryRank() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ballast-test-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let saved = try trained()
        var writer = SafetensorsWriter()
        for tensor in saved.namedTensors { writer.add(tensor.name, tensor.tensor) }
        saved.addStepCounts(to: &writer)
        try writer.write(to: path)

        let found = try ThreadedGroup.run(size: 2) { group in
            let store = smallStore(slotNames: Recorder().slotNames)
            if group.rank == 0 {
                let file = try SafetensorsFile(contentsOf: path)
                for tensor in store.namedTensors { tensor.tensor.copy(from: try file.tensor(tensor.name)) }
                try store.readStepCounts(file)
            }
            try store.replicate(over: group)
            return (store.namedTensors.map(\.tensor.elements), store.entries.map(\.stepCount))
        }
        for (tensors, counts) in found {
            #expect(tensors == saved.namedTensors.map(\.tensor.elements))
            #expect(counts == [3, 2])
        }
    }

    @Test func aMissingNumberOfStepsIsNamed() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ballast-test-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = SafetensorsWriter()
        writer.add("optimizer.step.v", integers: [1], shape: [])
        try writer.write(to: path)
        let error = #expect(throws: CheckpointError.self) {
            try smallStore().readStepCounts(SafetensorsFile(contentsOf: path))
        }
        #expect(error?.exitCode == 65 && error?.problem.contains("'optimizer.step.w'") == true)
    }
}
