import Foundation
import ImageData
import Layers
import ModelFiles
import Networks
import ProcessGroups
import Regularizers
import Runs
import Tensors
import Training

extension Reader {
    /// All readers; the table of hostile files comes first.
    static let all: [Reader] =
        [hostile] + weights + data + settings + ofRuns + ofReports

    /// Hostile files of weights and images, each with its own purpose.
    private static let hostile = Reader(
        name: "hostile-files", cases: HostileFiles.all,
        read: { path in
            if path.hasSuffix(".jpg") || path.hasSuffix(".png") {
                try decode(path)
            } else {
                try readWeights(path)
            }
        })

    private static let weights = [
        Reader(
            name: "safetensors",
            corpus: { try [fixture("ModelFilesTests/Fixtures/every-type.safetensors"), smallWeights()] },
            read: { try readTensors(SafetensorsFile(contentsOf: $0)) }),
        Reader(
            name: "shards", fileName: "model.safetensors.index.json", codes: [65, 74], isText: true,
            corpus: {
                let names = ["a.weight", "b.weight", "counts"].map { "\"\($0)\": \"part.safetensors\"" }
                return [
                    Array(
                        "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {\(names.joined(separator: ", "))}}"
                            .utf8)
                ]
            },
            prepare: { try write(smallWeights(), "\($0)/part.safetensors") }, read: readWeights),
        Reader(
            name: "pth",
            corpus: {
                try fixtures("ModelFilesTests/Fixtures/PyTorch", ".pth")
                    + fixtures("ModelFilesTests/Fixtures/PyTorch", ".pth.tar")
            }, read: readWeights),
    ]

    private static let data = [
        Reader(
            name: "idx", fileName: "a-images", corpus: { [idx([5, 3, 2], (0..<30).map { UInt8(8 * $0) })] },
            prepare: { try write(idx([5], [0, 1, 2, 1, 0]), "\($0)/a-labels") }, read: readDataset),
        Reader(
            name: "idx-labels", fileName: "a-labels", codes: [65, 74],
            corpus: { [idx([5], [0, 1, 2, 1, 0])] },
            prepare: { try write(idx([5, 3, 2], (0..<30).map { UInt8(8 * $0) }), "\($0)/a-images") },
            read: { try readDataset($0.replacingOccurrences(of: "a-labels", with: "a-images")) }),
        Reader(
            name: "gzip", fileName: "a-images.gz",
            corpus: {
                try [
                    fixture("ImageDataTests/Fixtures/small-images-idx3-ubyte.gz"),
                    fixture("ImageDataTests/Fixtures/members-images-idx3-ubyte.gz"),
                ]
            },
            prepare: { try write(idx([5], [0, 1, 2, 1, 0]), "\($0)/a-labels") }, read: readDataset),
        Reader(
            name: "tensor-data", fileName: "data.safetensors",
            corpus: {
                var writer = SafetensorsWriter()
                writer.add("images", Tensor(repeating: 0.5, [4, 3, 2, 2]))
                writer.add("images_second_view", Tensor(repeating: 0.25, [4, 3, 2, 2]))
                writer.add("labels", integers: [0, 1, 2, 1], shape: [4])
                return [writer.serialized()]
            }, read: readDataset),
        Reader(
            name: "list", fileName: "list.txt", isText: true,
            corpus: {
                [
                    Array("# photographs\na.jpg 0\nb.png 1\na.jpg 2\n".utf8),
                    Array("\u{FEFF}a.jpg\tcat\tfirst\r\nb.png\tdog\tsecond\r\n".utf8),
                ]
            },
            prepare: { folder in
                try write(fixture("ImageDataTests/Fixtures/photographs/rgb.jpg"), "\(folder)/a.jpg")
                try write(fixture("ImageDataTests/Fixtures/photographs/palette.png"), "\(folder)/b.png")
            }, read: readDataset),
        Reader(
            name: "shard", fileName: "input.tar",
            corpus: { try fixtures("ImageDataTests/Fixtures/shards", ".tar") }, read: readDataset),
        // With headers whose checksums are right all the same.
        Reader(
            name: "shard-headers", fileName: "input.tar",
            corpus: { try fixtures("ImageDataTests/Fixtures/shards", ".tar") },
            read: { path in
                let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
                try write(withChecksums(bytes), path)
                try readDataset(path)
            }),
        Reader(
            name: "shard-list", fileName: "list.txt", codes: [64, 65, 74], isText: true,
            corpus: { [Array("# shards\nshard-{000..000}.tar\n".utf8)] },
            prepare: { try write(fixture("ImageDataTests/Fixtures/shards/pax.tar"), "\($0)/shard-000.tar") },
            read: readDataset),
        Reader(
            name: "jpeg", fileName: "input.jpg",
            corpus: {
                try fixtures("ImageDataTests/Fixtures/photographs", ".jpg")
                    + fixtures("ImageDataTests/Fixtures/photograph-variants", ".jpg")
            }, read: decode),
        Reader(
            name: "png", fileName: "input.png",
            corpus: {
                try fixtures("ImageDataTests/Fixtures/photographs", ".png")
                    + fixtures("ImageDataTests/Fixtures/photograph-cases", ".png")
                    + fixtures("ImageDataTests/Fixtures/photograph-variants", ".png")
            }, read: decode),
    ]

    private static let settings = [
        Reader(
            name: "yaml", fileName: "run.yaml", codes: [64], isText: true,
            corpus: { [Array(configuration.utf8)] },
            read: { _ = try RunConfiguration(file: $0) }),
        Reader(
            name: "set-option", codes: [64], isText: true,
            corpus: {
                [
                    "training.epochs=3", "data.classes=[0, 2, {a: b}]",
                    "schedule={name: multi-step, milestones: [1, 2]}",
                    "optimizer.betas=[0.9, 0.99]", "method.temperature=&a [*a, 1e3]",
                ].map { Array($0.utf8) }
            },
            prepare: { try write(Array(configuration.utf8), "\($0)/run.yaml") },
            read: { path in
                let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                let folder = (path as NSString).deletingLastPathComponent
                _ = try RunConfiguration(
                    file: "\(folder)/run.yaml", assignments: [String(decoding: bytes, as: UTF8.self)])
            }),
    ]

    private static let ofRuns = [
        Reader(
            name: "relationship", fileName: "relationship.safetensors",
            corpus: {
                let probabilities = Tensor([2, 4], [0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 0, 0])
                let plain = try Relationship(probabilities: probabilities, classNames: ["cat", "dog"])
                var named = plain
                named.sourceClassNames = ["lynx", "wolf", "fox", "\u{202E}owl"]
                return [plain.serialized(), named.serialized()]
            }, read: { _ = try Relationship(contentsOf: $0) }),
        Reader(
            name: "attention", fileName: "attention.safetensors",
            corpus: {
                var writer = SafetensorsWriter()
                for (tap, count) in AttentionReading.channels {
                    writer.add(tap, Tensor(repeating: 1 / Float(count), [count]))
                }
                return [writer.serialized()]
            }, read: AttentionReading.read),
        Reader(
            name: "initial-state", fileName: "initial.safetensors",
            corpus: {
                var writer = SafetensorsWriter()
                writer.add("head.weight", Tensor(repeating: 0.1, [3, 4]))
                writer.add("head.bias", Tensor(repeating: 0, [3]))
                return [writer.serialized()]
            }, read: InitialValues.require),
        Reader(
            name: "model-header", fileName: "model.safetensors", codes: [64, 65], isText: false,
            corpus: {
                let description =
                    "{\"network\":\"resnet18\",\"baseWidth\":2,\"stem\":\"small\",\"classNames\":[\"a\",\"b\"],"
                    + "\"imageSize\":[3,28,28],\"mean\":[0.5,0.5,0.5],\"standardDeviation\":[1,1,1]}"
                var writer = SafetensorsWriter(metadata: ["ballast": description])
                writer.add("fc.weight", Tensor(repeating: 0, [2, 16]))
                return [writer.serialized()]
            },
            read: { path in
                let description = try ModelDescription(SafetensorsFile(contentsOf: path))
                _ = try description.pipelines(tenCrop: true)
            }),
        Reader(
            name: "model-record", fileName: "model.json", codes: [65], isText: true,
            corpus: { [Array(record.utf8)] },
            read: { _ = try ModelRecord(contentsOf: $0) }),
        Reader(
            name: "data-index", fileName: FileDigestCache.fileName, codes: [65], isText: true,
            corpus: {
                let digest = String(repeating: "0a", count: 32)
                return [
                    Array(
                        "{\"format\": 1, \"files\": [{\"path\": \"/a\", \"bytes\": 5, \"modified\": 1, \"inode\": 2, \"device\": 3, \"sha256\": \"\(digest)\"}]}"
                            .utf8)
                ]
            },
            read: { path in
                var notice: String?
                _ = FileDigestCache(inFolder: (path as NSString).deletingLastPathComponent) { notice = $0 }
                if let notice { throw DataError(.format, path: path, notice) }
            }),
        Reader(
            name: "checkpoint", fileName: "checkpoints/step-00000002/manifest.json", codes: [65, 74],
            isText: true,
            corpus: {
                try withFolder { folder in
                    try writeCheckpoint(folder)
                    return [
                        Array(
                            try Data(
                                contentsOf: URL(fileURLWithPath: "\(folder)/step-00000002/manifest.json")))
                    ]
                }
            },
            prepare: { try writeCheckpoint("\($0)/checkpoints") },
            read: { path in
                let folder = path.replacingOccurrences(of: "/step-00000002/manifest.json", with: "")
                let store = CheckpointStore(directory: folder, keep: 3, ballastVersion: "test")
                let (checkpoint, rejected) = try store.newestGood()
                if let checkpoint { try readTensors(checkpoint.file("model.safetensors")) }
                if let first = rejected.first { throw DataError(.format, path: path, "\(first)") }
            }),
    ]
}

// MARK: What readers do

extension Reader {
    fileprivate static func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    private static func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "reader-fuzz-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.path)
    }

    private static func writeCheckpoint(_ folder: String) throws {
        let store = CheckpointStore(directory: folder, keep: 3, ballastVersion: "test")
        var writer = SafetensorsWriter()
        writer.add("weight", Tensor(repeating: 1, [2, 2]))
        var contents = CheckpointContents(step: 2, worldSize: 1, metadata: ["step": "2"])
        contents.add("model.safetensors", writer)
        _ = try store.write(contents)
    }

    fileprivate static func smallWeights() throws -> [UInt8] {
        var writer = SafetensorsWriter(metadata: ["format": "pt"])
        writer.add("a.weight", Tensor(repeating: 1, [2, 3]))
        writer.add("b.weight", Tensor(repeating: 2, [4]))
        writer.add("counts", integers: [1, 2, 3], shape: [3])
        return writer.serialized()
    }

    /// An IDX file of unsigned bytes.
    fileprivate static func idx(_ extents: [UInt8], _ elements: [UInt8]) -> [UInt8] {
        [0, 0, 8, UInt8(extents.count)] + extents.flatMap { [0, 0, 0, $0] } + elements
    }

    /// Blocks of a tar archive that look like headers, each with the sum of its bytes.
    fileprivate static func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for start in stride(from: 0, through: bytes.count - 512, by: 512)
        where bytes[start + 257..<start + 262].elementsEqual("ustar".utf8) {
            bytes.replaceSubrange(start + 148..<start + 156, with: repeatElement(UInt8(ascii: " "), count: 8))
            let digits = String(bytes[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
            bytes.replaceSubrange(start + 148..<start + 148 + digits.utf8.count, with: digits.utf8)
        }
        return bytes
    }

    fileprivate static func readTensors(_ source: some WeightSource) throws {
        var first: (any Error)?
        for name in source.names {
            do {
                if source.holdsIntegers(name) {
                    _ = try source.integers(name)
                } else {
                    _ = try? source.counter(name)
                    _ = try source.tensor(name)
                }
            } catch {
                // The others are read all the same.
                first = first ?? error
            }
        }
        _ = NetworkLikeness.network(of: source)
        if let first { throw first }
    }

    fileprivate static func readWeights(_ path: String) throws {
        let source = try WeightFile.open(path)
        func read(_ source: some WeightSource) throws { try readTensors(source) }
        try read(source)
        _ = source.findings
        _ = try WeightFile.digest(path)
    }

    fileprivate static func readDataset(_ path: String) throws {
        let dataset = try DatasetFile.open(path: path)
        try (dataset as? PhotographDataset)?.requireUsable()
        let subset = try Subset.training(of: dataset)
        _ = subset.fingerprint
        if let photographs = dataset as? PhotographDataset {
            let decoded = photographs.failures(decoding: 0..<min(photographs.count, 8), threads: 1)
            if let first = decoded.first { throw first.error }
        }
        guard dataset.commonSize != nil else { return }
        let loader = try EvaluationLoader(
            subset: subset, pipeline: ImagePipeline(transform: .none, normalization: .imageNet), batchSize: 2,
            shard: .whole)
        for batch in 0..<min(loader.batchCount, 8) { _ = try loader.batch(batch) }
    }

    fileprivate static func decode(_ path: String) throws {
        var image = PixelImage()
        try PhotographDecoder.decode(path, appliesOrientation: true, into: &image)
    }

    fileprivate static let configuration = """
        method: {name: bi-tuning, trade-off: 1.5, temperature: 0.07, queue-length: 8, projection-dimension: 16}
        network: {name: resnet18, weights: source.safetensors, base-width: 8, stem: small, batch-norm: synchronized}
        data:
          train: images   # a folder
          classes: [0, 1, 2]
          class-names: &names [a, b, "c \\"d\\""]
          mean: [0.5]
          std: [0.25]
          image-size: 32
          workers: 2
        optimizer: {name: adamw, learning-rate: 1e-3, betas: [0.9, 0.999]}
        schedule: {name: multi-step, milestones: [1, 2], gamma: 0.1, warm-up-steps: 5}
        training: {epochs: 3, steps-per-epoch: null, global-batch: 16, seed: 7, clip-gradient-norm: 2}
        checkpoint: {every-steps: 10, keep: 2}
        output: runs/fuzz

        """

    fileprivate static let record = """
        {"ballast-version": "1", "format-version": 1, "method": "fine-tune", "metrics": {},
         "model": {"base-width": 2, "class-names": ["a", "b"], "image-size": [3, 28, 28], "mean": [0.5, 0.5, 0.5],
                   "network": "resnet18", "standard-deviation": [1, 1, 1], "stem": "small"},
         "model-sha256": "00", "step": 5}

        """
}

/// Reads files of attention as DELTA does.
enum AttentionReading {
    /// Channels of the taps of the network that is used.
    static let channels = [("layer1.1.conv2", 2), ("layer2.1.conv2", 4)]

    /// Samples that nobody looks at.
    private struct NoSamples: SampleSource {
        let count = 2
        let classCount = 2
        let classNames = ["a", "b"]
        let fingerprint: UInt64 = 1
        func forEachBatch(_ body: (SampleBatch) throws -> Void) throws {}
        func shuffledBatch(_ number: Int, size: Int) throws -> SampleBatch {
            preconditionFailure("attention was computed, not read")
        }
    }

    static func read(_ path: String) throws {
        let backbone = NetworkName.resnet18.specification.makeBackbone(
            NetworkOptions(baseWidth: 2, stem: .small))
        let method = DELTA(
            taps: channels.map(\.0), features: .attention(file: path), tradeOff: 1, headTradeOff: 1)
        try method.prepare(
            Preparation(
                backbone: backbone, weightsDigest: "none", training: NoSamples(), validation: nil,
                group: SoloGroup(),
                seed: 0, directory: (path as NSString).deletingLastPathComponent, say: { _ in }))
    }
}
