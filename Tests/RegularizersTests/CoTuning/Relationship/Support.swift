internal import Foundation
import ModelFiles
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

/// A file of the reference's results in `Tests/Golden`.
func golden(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(contentsOf: goldenPath("\(name).safetensors"))
}

/// Logits `[n, S]` and labels of one split, or of one rank's part of it.
struct Samples: Sendable {
    let logits: Tensor
    let labels: [Int]

    init(_ logits: Tensor, _ labels: [Int]) {
        self.logits = logits
        self.labels = labels
    }

    /// A rank's share: rank 0 has a third at most, a middle rank one sample, the last rank the rest.
    func share(_ group: any ProcessGroup) -> Samples {
        let count = labels.count
        func start(_ rank: Int) -> Int {
            rank == 0 ? 0 : rank == group.size ? count : min(count, count / 3 + rank - 1)
        }
        let range = start(group.rank)..<start(group.rank + 1)
        return Samples(logits.rows(range), Array(labels[range]))
    }
}

/// Made-up samples: each class prefers source classes of its own; the same for the same seed.
func madeUpSamples(count: Int, classCount: Int, sourceClassCount: Int, seed: UInt64) -> Samples {
    var state = seed
    func draw() -> Float {
        // SplitMix64: enough for test data.
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return Float((bits ^ (bits >> 31)) >> 40) / Float(1 << 24)
    }
    let labels = (0..<count).map { $0 % classCount }
    let elements = labels.flatMap { label in
        (0..<sourceClassCount).map { 4 * draw() + ($0 % classCount == label ? 2 : 0) }
    }
    return Samples(Tensor([count, sourceClassCount], elements), labels)
}

/// Names `class 0`, `class 1` and so on.
func numberedNames(_ count: Int) -> [String] { (0..<count).map { "class \($0)" } }

/// The largest absolute difference between two tensors of the same shape.
func largestDifference(_ first: Tensor, _ second: Tensor) -> Float {
    #expect(first.shape == second.shape)
    return zip(first.elements, second.elements).reduce(0) { max($0, abs($1.0 - $1.1)) }
}

/// The direct relationship of `samples` shared over `size` ranks, as each rank sees it.
func direct(_ samples: Samples, _ names: [String], size: Int) throws -> [Relationship] {
    try ThreadedGroup.run(size: size) { group in
        let share = samples.share(group)
        return try Relationship.direct(
            logits: share.logits, labels: share.labels, classNames: names, group: group)
    }
}

/// The reverse relationship of splits shared over `size` ranks, as each rank sees it.
func reverse(
    _ training: Samples, _ validation: Samples, _ names: [String], scale: Double = 1, size: Int
) throws -> [Relationship] {
    try ThreadedGroup.run(size: size) { group in
        let (train, validate) = (training.share(group), validation.share(group))
        return try Relationship.reverse(
            trainLogits: train.logits, trainLabels: train.labels, validationLogits: validate.logits,
            validationLabels: validate.labels, classNames: names, sourceLogitScale: scale, group: group)
    }
}
