internal import Foundation
internal import ModelFiles
internal import ProcessGroups
internal import Tensors

/// What a method's passes over the samples led to depends on these things.
struct PreparationKey {
    /// SHA-256 of all of them.
    let digest: String

    /// The key of what is computed from the training samples in their fixed view.
    ///
    /// What was done to an image is in it by the outcome: pixels of one sample, as the network gets them.
    ///
    /// - Parameters:
    ///   - preparation: Weights, samples and how they are looked at.
    ///   - settings: Everything else that the result depends on.
    /// - Throws: What reading a sample throws, the same on every rank.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(_ preparation: Preparation, settings: [String]) throws {
        let training = preparation.training
        let digest = try preparation.group.coordinate {
            let sample = try training.shuffledBatch(0, size: 1).images
            let parts =
                settings + [
                    preparation.weightsDigest, String(training.fingerprint, radix: 16), training.transform,
                    String(training.count), "\(sample.shape)", sample.contentsDigest,
                ]
            return Array(SHA256.digest(of: parts.joined(separator: "\n").utf8).description.utf8)
        }
        self.digest = String(decoding: digest, as: UTF8.self)
    }
}

extension Tensor {
    /// SHA-256 of the elements in row-major order.
    var contentsDigest: String {
        var hash = SHA256()
        dense().withElements { hash.update(UnsafeRawBufferPointer($0)) }
        return hash.finalize().description
    }
}

/// A tensor that a method computes before the first step and that stays the same, in a file in the folder of the run: a
/// run that goes on reads it, and no checkpoint carries it.
struct KeptTensor {
    /// What it is called: the file is `NAME.safetensors`.
    let name: String
    /// Its shape, the same on every rank.
    let shape: Shape
    /// What it is computed from.
    let key: PreparationKey
    let preparation: Preparation

    private var path: String { "\(preparation.directory)/\(name).safetensors" }

    /// The tensor of the file, or a new one, which is written there. Says so where a run that goes on finds none.
    ///
    /// - Parameter compute: Makes it, the same bits on every rank. Runs on every rank, and may call the group.
    /// - Returns: The same bits on every rank.
    /// - Throws: What `compute` throws; `CollectiveFailure` where the file cannot be written.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func value(compute: () throws -> Tensor) throws -> Tensor {
        let group = preparation.group
        var kept: Tensor?
        let isKept = try group.coordinate {
            kept = read()
            return [kept == nil ? 0 : 1]
        }
        if isKept == [1] {
            let tensor = kept ?? Tensor(repeating: 0, shape)
            try tensor.withMutableElements { try group.broadcast($0, from: 0) }
            return tensor
        }
        let computed = try compute()
        try group.coordinate { () throws -> Void in
            var writer = SafetensorsWriter(metadata: [
                "kind": name, "computed-from": key.digest, "sha256": computed.contentsDigest,
            ])
            writer.add(name, computed)
            try writer.write(to: path)
        }
        return computed
    }

    /// The tensor of the file; nil where there is none that is whole and was computed from the same.
    private func read() -> Tensor? {
        guard FileManager.default.fileExists(atPath: path) else {
            if preparation.goesOn { say("is missing") }
            return nil
        }
        do {
            let file = try SafetensorsFile(contentsOf: path)
            guard file.metadata["computed-from"] == key.digest else {
                if preparation.goesOn {
                    say("was computed from other weights or samples, or by another version")
                }
                return nil
            }
            guard file.shape(of: name) == shape else {
                say("is damaged: it holds no '\(name)' of shape \(shape)")
                return nil
            }
            let tensor = try file.tensor(name)
            guard tensor.contentsDigest == file.metadata["sha256"] else {
                say("is damaged: its contents are not what was written")
                return nil
            }
            return tensor
        } catch {
            say("is damaged: \(error)")
            return nil
        }
    }

    private func say(_ problem: String) {
        preparation.warn("\(path) \(problem); it is computed again")
    }
}
