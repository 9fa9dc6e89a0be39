internal import Foundation
internal import Hosts
internal import Layers
internal import ModelFiles
internal import ProcessGroups
internal import Tensors

/// DELTA's attention: computed once from the pretrained network and the training samples, and kept in a file
/// that says what it was computed from.
enum Attention {
    /// Version of the computation: part of a file's key.
    private static let version = "2"
    /// How far the sum over channels may be from 1: rounding of 32-bit floats.
    private static let largestSumError = 1e-3
    /// The entry of a file's key that says how filters were scored.
    private static let scoresKey = "scores"

    /// Attention of each tap, from a file if one is given, else computed and saved as `attention.safetensors`.
    ///
    /// - Throws: `CollectiveFailure` where a file cannot be read, does not fit or has another key.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    static func prepared(
        _ taps: [String], file: String?, scores: AttentionScores, _ preparation: Preparation
    ) throws -> [String: [Float]] {
        let channelCounts = try preparation.group.agree {
            try taps.map { try channelCount(of: $0, preparation.backbone) }
        }
        if let file { return try read(taps, channelCounts, from: file, scores, preparation) }
        if let kept = try kept(taps, channelCounts, scores, preparation) { return kept }
        let computed = try AttentionComputation(
            taps: taps, channelCounts: channelCounts, scores: scores, preparation: preparation
        ).run()
        try preparation.group.coordinate { () throws -> Void in
            try write(computed, scores, preparation)
        }
        return computed
    }

    /// Channels of a tap, each of which has a weight.
    private static func channelCount(of tap: String, _ backbone: any Backbone) throws -> Int {
        guard let count = backbone.channelCount(of: tap) else {
            throw AttentionError(
                "method.taps: layer '\(tap)' has no filters of its own, and attention is a weight a filter; choose "
                    + "convolutions, for example '\(backbone.defaultTaps.last ?? "none")', or features: plain",
                exitCode: ExitCode.wrongUse)
        }
        return count
    }

    /// What attention depends on: the network and its weights, the samples in their fixed view with what they are
    /// normalized by, the seed of the head that is trained on them, and the computation. Not the precision: what a
    /// filter is worth in one serves the other, and a run may go on in the other.
    private static func key(_ scores: AttentionScores, _ preparation: Preparation) -> [String: String] {
        [
            "weights": preparation.weightsDigest, "version": version, scoresKey: scores.rawValue,
            "network": digest(of: preparation.backbone), "seed": String(preparation.seed),
            "samples": String(preparation.training.fingerprint, radix: 16),
            "transform": preparation.training.transform,
        ]
    }

    /// A digest of the names and shapes of a network's parameters: weights alone do not say which network they fill.
    private static func digest(of backbone: any Backbone) -> String {
        let lines = backbone.parameters.map { "\($0.name) \($0.shape)" } + backbone.layerNames
        return String(SHA256.digest(of: lines.joined(separator: "\n").utf8).description.prefix(16))
    }

    /// A file that has a key but does not say how filters were scored is older than the choice.
    private static func withScores(_ metadata: [String: String]) -> [String: String] {
        metadata.merging([scoresKey: AttentionScores.exact.rawValue]) { own, _ in own }
    }

    private static func write(
        _ attention: [String: [Float]], _ scores: AttentionScores, _ preparation: Preparation
    ) throws {
        var writer = SafetensorsWriter(metadata: key(scores, preparation))
        for (tap, weights) in attention {
            writer.add(tap, Tensor([weights.count], weights))
        }
        try writer.write(to: path(preparation))
    }

    /// Where a run keeps what it computed.
    private static func path(_ preparation: Preparation) -> String {
        preparation.directory + "/attention.safetensors"
    }

    /// What an earlier start of the run computed, if its file is whole and was computed from the same; nil on every rank
    /// if not.
    private static func kept(
        _ taps: [String], _ channelCounts: [Int], _ scores: AttentionScores, _ preparation: Preparation
    ) throws -> [String: [Float]]? {
        let path = path(preparation)
        var weights = channelCounts.map { [Float](repeating: 0, count: $0) }
        let isKept = try preparation.group.coordinate { () throws -> [UInt8] in
            guard FileManager.default.fileExists(atPath: path) else {
                if preparation.goesOn {
                    preparation.warn("attention: \(path) is missing; it is computed again")
                }
                return [0]
            }
            do {
                let file = try SafetensorsFile(contentsOf: path)
                guard withScores(file.metadata) == key(scores, preparation) else { return [0] }
                weights = try distributions(taps, channelCounts, in: file, advice: "the file is damaged")
                return [1]
            } catch {
                preparation.warn("attention: \(error); it is computed again")
                return [0]
            }
        }
        return isKept == [1] ? try share(weights, of: taps, preparation) : nil
    }

    /// Rank 0 reads and checks; the others receive.
    private static func read(
        _ taps: [String], _ channelCounts: [Int], from path: String, _ scores: AttentionScores,
        _ preparation: Preparation
    ) throws -> [String: [Float]] {
        var weights = channelCounts.map { [Float](repeating: 0, count: $0) }
        try preparation.group.coordinate { () throws -> Void in
            let file = try SafetensorsFile(contentsOf: path)
            try checkKey(of: file, scores, preparation)
            weights = try distributions(
                taps, channelCounts, in: file,
                advice:
                    "the file is damaged, or holds no attention: remove method.attention-file to compute it anew"
            )
        }
        return try share(weights, of: taps, preparation)
    }

    /// Gives rank 0's weights, of as many channels on every rank, to all.
    private static func share(
        _ own: [[Float]], of taps: [String], _ preparation: Preparation
    ) throws -> [String: [Float]] {
        var weights = own
        for index in weights.indices { try preparation.group.broadcast(&weights[index], from: 0) }
        return Dictionary(uniqueKeysWithValues: zip(taps, weights))
    }

    /// The weights of each tap in a file; throws unless they are there and are distributions.
    private static func distributions(
        _ taps: [String], _ channelCounts: [Int], in file: SafetensorsFile, advice: String
    ) throws -> [[Float]] {
        try zip(taps, channelCounts).map { name, count in
            guard let shape = file.shape(of: name) else {
                throw AttentionError(
                    file.path, "has no attention for '\(name)'; it holds \(file.names.listed())")
            }
            guard shape == [count] else {
                throw AttentionError(
                    file.path, "attention '\(name)' has shape \(shape), the network \(count) channels")
            }
            let weights = try file.tensor(name).elements
            try requireDistribution(weights, name, file.path, advice: advice)
            return weights
        }
    }

    /// Throws unless the weights of a tap's channels are a distribution, as a softmax is.
    private static func requireDistribution(
        _ weights: [Float], _ name: String, _ path: String, advice: String
    ) throws {
        if let channel = weights.firstIndex(where: { !($0.isFinite && $0 >= 0) }) {
            throw AttentionError(
                path,
                "element \(channel) of attention '\(name)' is \(weights[channel]); expected weights, which are finite and not negative: \(advice)"
            )
        }
        let sum = weights.reduce(0.0) { $0 + Double($1) }
        guard abs(sum - 1) <= largestSumError else {
            throw AttentionError(
                path,
                "attention '\(name)' adds up to \(Float(sum)); expected 1, as weights of channels do: \(advice)"
            )
        }
    }

    private static func checkKey(
        of file: SafetensorsFile, _ scores: AttentionScores, _ preparation: Preparation
    ) throws {
        let expected = key(scores, preparation)
        guard expected.keys.contains(where: { file.metadata[$0] != nil }) else {
            preparation.warn(
                "attention: \(file.path) does not say what it was computed from; it is used as it is")
            return
        }
        let found = withScores(file.metadata)
        // What the file says otherwise tells more than what it does not say.
        let ordered = expected.sorted {
            (found[$0.key] == nil ? 1 : 0, $0.key) < (found[$1.key] == nil ? 1 : 0, $1.key)
        }
        for (name, value) in ordered where found[name] != value {
            throw AttentionError(
                file.path,
                "was computed from other \(name) (\((found[name] ?? "none").excerpt) instead of \(value)); remove method.attention-file to compute it anew"
            )
        }
    }
}

/// Attention that cannot be had: a file that does not fit the run, or a network that cannot give it.
struct AttentionError: Error, ExitCodeProviding, CustomStringConvertible {
    let description: String
    /// 65 for bad data, 64 for wrong use.
    let exitCode: Int32

    init(_ description: String, exitCode: Int32) {
        (self.description, self.exitCode) = (description, exitCode)
    }

    init(_ path: String, _ detail: String) { self.init("\(path): \(detail)", exitCode: ExitCode.badData) }
}
