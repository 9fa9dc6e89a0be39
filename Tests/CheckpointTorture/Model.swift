import ModelFiles
import Tensors
import Training

/// The state of a small training run: every byte is a function of the step.
enum Model {
    static let files = ["model.safetensors", "optimizer.safetensors", "position.bin"]

    /// What is saved after a step.
    static func contents(step: Int) -> CheckpointContents {
        var contents = CheckpointContents(step: step, worldSize: 1, metadata: ["step": "\(step)"])
        for (index, name) in files.dropLast().enumerated() {
            var writer = SafetensorsWriter()
            for layer in 0..<4 {
                writer.add("layer\(layer).weight", copyOf: weight(step: step, layer: layer + 10 * index))
            }
            writer.add("step", integers: [Int64(step)], shape: [])
            contents.add(name, writer)
        }
        contents.add("position.bin", bytes: position(step: step))
        return contents
    }

    /// What differs between a checkpoint and what was saved after its step; nothing if nothing does.
    static func problem(of checkpoint: Checkpoint) throws -> String? {
        let step = checkpoint.step
        guard checkpoint.metadata == ["step": "\(step)"], checkpoint.fileNames == files else {
            return "metadata \(checkpoint.metadata), files \(checkpoint.fileNames)"
        }
        for (index, name) in files.dropLast().enumerated() {
            let file = try checkpoint.file(name)
            guard try file.integers("step") == [step] else { return "\(name) is of another step" }
            for layer in 0..<4 {
                let expected = weight(step: step, layer: layer + 10 * index)
                guard try file.tensor("layer\(layer).weight").elements == expected.elements else {
                    return "\(name): layer \(layer) differs"
                }
            }
        }
        return try checkpoint.bytes("position.bin") == position(step: step) ? nil : "position.bin differs"
    }

    private static func weight(step: Int, layer: Int) -> Tensor {
        Tensor([64, 128]) { elements in
            for index in elements.indices { elements[index] = Float(step * 31 + layer * 7 + index) }
        }
    }

    private static func position(step: Int) -> [UInt8] {
        (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ step) }
    }
}
