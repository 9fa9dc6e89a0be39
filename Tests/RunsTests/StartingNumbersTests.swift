import Hosts
import ModelFiles
import ProcessGroups
import Runs
import Tensors
import TestSupport
import Testing

/// Files that a run starts from hold finite numbers, or they are named with tensor and element before anything is done.
@Suite struct StartingNumbersTests {
    /// The golden weights with one element of a tensor replaced.
    private static func weights(_ name: String, _ value: Float, at index: Int, in folder: ScratchFolder)
        throws
    {
        let source = try SafetensorsFile(contentsOf: goldenPath("source.safetensors"))
        var writer = SafetensorsWriter()
        for other in source.names {
            guard !source.holdsIntegers(other) else {
                writer.add(other, integers: [0], shape: [])
                continue
            }
            let tensor = try source.tensor(other)
            let elements = tensor.elements.enumerated().map { other == name && $0 == index ? value : $1 }
            writer.add(other, Tensor(tensor.shape, elements))
        }
        try writer.write(to: folder.path + "/weights.safetensors")
    }

    private static func failures(
        _ folder: ScratchFolder, method: String, initialState: String = "null"
    ) throws -> [CollectiveFailure?] {
        let configuration = try RunConfiguration(
            text: """
                method: {name: \(method)}
                network: {name: resnet18, base-width: 8, weights: weights.safetensors}
                data: {train: pictures}
                initial-state: \(initialState)
                output: out

                """, file: "run.yaml", directory: folder.path)
        return try ThreadedGroup.run(size: 2) { group in
            do {
                _ = try StartingPoint(configuration, classCount: 5, group: group)
                return nil
            } catch let failure as CollectiveFailure { return failure }
        }
    }

    @Test(arguments: [
        ("bn1.running_var", Float.nan, 3, "fine-tune", "element 3 of tensor 'bn1.running_var' is nan"),
        (
            "bn1.running_var", -1, 0, "fine-tune",
            "element 0 of tensor 'bn1.running_var' is -1.0; expected variances"
        ),
        (
            "layer1.0.conv1.weight", -.infinity, 7, "l2-sp",
            "element 7 of tensor 'layer1.0.conv1.weight' is -inf"
        ),
        (
            "fc.weight", .nan, 9, "co-tuning",
            "element 9 of tensor 'fc.weight' is nan; expected finite numbers"
        ),
        ("fc.bias", .infinity, 1, "lwf", "element 1 of tensor 'fc.bias' is inf; expected finite numbers"),
    ])
    func weightsAreNamed(name: String, value: Float, index: Int, method: String, words: String) throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        try Self.weights(name, value, at: index, in: folder)
        for failure in try Self.failures(folder, method: method) {
            let failure = try #require(failure)
            #expect(failure.exitCode == ExitCode.badData)
            #expect(
                failure.message.hasPrefix("\(folder.path)/weights.safetensors: \(words)"),
                "\(failure.message)")
        }
    }

    /// What the method does not use may be what it wants.
    @Test func aClassifierThatIsNotUsedIsLeftAlone() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        try Self.weights("fc.weight", .nan, at: 0, in: folder)
        #expect(try Self.failures(folder, method: "fine-tune").allSatisfy { $0 == nil })
    }

    @Test(arguments: ["head.bias", "queue_z"])
    func anInitialStateIsNamed(name: String) throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        try Self.weights("none", 0, at: 0, in: folder)
        var writer = SafetensorsWriter()
        writer.add(name, Tensor([5], [0, 0, .nan, 0, 0]))
        try writer.write(to: folder.path + "/state.safetensors")
        for failure in try Self.failures(folder, method: "bi-tuning", initialState: "state.safetensors") {
            let failure = try #require(failure)
            #expect(failure.exitCode == ExitCode.badData)
            #expect(
                failure.message.hasPrefix(
                    "\(folder.path)/state.safetensors: element 2 of tensor '\(name)' is nan"))
        }
    }
}
