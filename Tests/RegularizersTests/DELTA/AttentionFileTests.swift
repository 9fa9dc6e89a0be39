internal import Foundation
import Hosts
import Layers
import ModelFiles
import Networks
import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

/// Files of attention: what they were computed from, and whether their numbers are weights.
@Suite struct AttentionFileTests {
    private struct Source: SampleSource {
        var count: Int { 6 }
        var classCount: Int { 2 }
        var classNames: [String] { ["a", "b"] }
        var fingerprint: UInt64 = 17
        var transform = "mean [0.5] std [0.5]"

        func forEachBatch(_ body: (SampleBatch) throws -> Void) throws {
            try body(try shuffledBatch(0, size: 6))
        }

        func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch {
            SampleBatch(
                images: randomTensor([6, 3, 8, 8], seed: 220), labels: [0, 1, 0, 1, 1, 0],
                positions: Array(0..<6))
        }
    }

    private static let tap = "layer4.1.conv2"

    private static func network(baseWidth: Int = 2) -> any Backbone {
        let backbone = StagedNetwork.resNet(.resNet18, baseWidth: baseWidth)
        backbone.initialize(seed: 1)
        return backbone
    }

    /// Prepares DELTA with a file of attention, or computes it into the folder.
    @discardableResult
    private static func prepare(
        _ folder: ScratchFolder, file: String?, _ source: Source = Source(), seed: UInt64 = 0,
        say: @escaping (String) -> Void = { _ in }, backbone: any Backbone = network(), weights: String = "w"
    ) throws -> [NamedTensor] {
        let delta = DELTA(taps: [tap], features: .attention(file: file), tradeOff: 1, headTradeOff: 1)
        try delta.prepare(
            Preparation(
                backbone: backbone, weightsDigest: weights, training: source, validation: nil,
                group: SoloGroup(), seed: seed, directory: folder.path, say: say))
        return delta.state
    }

    private static func refusal(_ prepare: () throws -> [NamedTensor]) throws -> String {
        let failure = try #require(throws: CollectiveFailure.self) { try prepare() }
        #expect(failure.exitCode == ExitCode.badData)
        return failure.message
    }

    @Test func attentionIsUsedForTheSameAloneAndSaysWhatDiffers() throws {
        let (first, second) = (try ScratchFolder(), try ScratchFolder())
        let computed = try Self.prepare(first, file: nil)
        let file = first.path + "/attention.safetensors"
        let used = try Self.prepare(second, file: file)
        #expect(used[0].tensor.elements == computed[0].tensor.elements)

        var other = Source()
        other.transform = "mean [0.4] std [0.5]"
        #expect(
            try Self.refusal { try Self.prepare(second, file: file, other) }.contains(
                "was computed from other transform (mean [0.5] std [0.5] instead of mean [0.4] std [0.5])"))
        other = Source()
        other.fingerprint = 18
        #expect(
            try Self.refusal { try Self.prepare(second, file: file, other) }.contains("other samples (11"))
        #expect(
            try Self.refusal { try Self.prepare(second, file: file, seed: 1) }.contains(
                "was computed from other seed (0 instead of 1)"))
        #expect(
            try Self.refusal { try Self.prepare(second, file: file, weights: "v") }.contains(
                "was computed from other weights (w instead of v)"))
        #expect(
            try Self.refusal {
                try Self.prepare(second, file: file, backbone: StagedNetwork.resNet(.resNet34, baseWidth: 2))
            }.contains("was computed from other network"))
    }

    /// Weights that do not belong to a softmax, with the words that name them. A file without a key is used as it is.
    @Test func weightsAreADistribution() throws {
        let folder = try ScratchFolder()
        let even = [Float](repeating: 1 / 16, count: 16)
        func with(_ value: Float, at index: Int) -> [Float] {
            even.enumerated().map { $0 == index ? value : $1 }
        }
        for (weights, words) in [
            (with(.nan, at: 3), "element 3 of attention '\(Self.tap)' is nan"),
            (with(.infinity, at: 0), "element 0 of attention '\(Self.tap)' is inf"),
            (with(-0.5, at: 15), "element 15 of attention '\(Self.tap)' is -0.5"),
            (with(1, at: 2), "attention '\(Self.tap)' adds up to 1.9375; expected 1"),
        ] {
            var writer = SafetensorsWriter()
            writer.add(Self.tap, Tensor([16], weights))
            let file = folder.path + "/given.safetensors"
            try writer.write(to: file)
            let message = try Self.refusal { try Self.prepare(folder, file: file) }
            #expect(message.hasPrefix("\(file): \(words)"), "\(message)")
        }
        var writer = SafetensorsWriter()
        writer.add(Self.tap, Tensor([16], even))
        let file = folder.path + "/given.safetensors"
        try writer.write(to: file)
        var said: [String] = []
        let used = try Self.prepare(folder, file: file, say: { said.append($0) })
        #expect(used[0].tensor.elements == even)
        #expect(
            said == [
                "notice: attention: \(file) does not say what it was computed from; it is used as it is"
            ])
    }

    /// The user gave no file that could be mended or removed.
    @Test func aDamagedFileOfTheRunItselfIsComputedAgain() throws {
        let folder = try ScratchFolder()
        let computed = try Self.prepare(folder, file: nil)[0].tensor.elements
        let path = folder.path + "/attention.safetensors"
        var damaged = SafetensorsWriter(metadata: try SafetensorsFile(contentsOf: path).metadata)
        damaged.add(Self.tap, Tensor([16], [Float](repeating: .nan, count: 16)))
        let cases: [(bytes: [UInt8], words: String)] = [
            (
                damaged.serialized(),
                "element 0 of attention '\(Self.tap)' is nan; expected weights, which are finite and not negative: the file is damaged; it is computed again"
            ), (Array("junk".utf8), "; it is computed again"),
        ]
        for (bytes, words) in cases {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            var said: [String] = []
            let again = try Self.prepare(folder, file: nil, say: { said.append($0) })
            #expect(again[0].tensor.elements == computed)
            let notices = said.filter { $0.hasPrefix("notice: ") }
            #expect(notices.count == 1)
            #expect(
                notices.allSatisfy { $0.hasPrefix("notice: attention: \(path): ") && $0.hasSuffix(words) },
                "\(notices)")
            #expect(try SafetensorsFile(contentsOf: path).tensor(Self.tap).elements == computed)
        }
    }

    /// What is wrong is the network, and no training has diverged.
    @Test func aNetworkThatOverflowsIsBadData() throws {
        let folder = try ScratchFolder()
        let backbone = Self.network()
        let shift = try #require(backbone.parameters.first { $0.name == "layer4.1.bn2.bias" })
        shift.variable.assign(Tensor(repeating: .infinity, shift.shape))
        #expect(
            try Self.refusal { try Self.prepare(folder, file: nil, backbone: backbone) }.contains(
                "of 'layer4.1.conv2' is not finite: the weights or the samples are damaged"))
        #expect(try folder.names.isEmpty)
    }

    /// The teacher of learning without forgetting is held to the same.
    @Test(arguments: [1, 2])
    func teacherLogitsAreFinite(ranks: Int) throws {
        let messages = try ThreadedGroup.run(size: ranks) { group in
            let head = Linear(
                name: "fc", weight: randomTensor([4, 16], seed: 221), bias: Tensor([4], [0, 1, .infinity, 0]))
            let lwf = LWF(head: head, tradeOff: 1, temperature: 2, trainsHead: false, headOnlyEpochs: 0)
            let failure = try #require(throws: CollectiveFailure.self) {
                try lwf.prepare(
                    Preparation(
                        backbone: Self.network(), weightsDigest: "w", training: Source(), validation: nil,
                        group: group, seed: 0, directory: "", say: { _ in }))
            }
            #expect(failure.exitCode == ExitCode.badData)
            return failure.message
        }
        #expect(
            Set(messages) == [
                "the source head's output for training sample 0 is not finite. The pretrained weights or the sample are damaged."
            ])
    }
}
