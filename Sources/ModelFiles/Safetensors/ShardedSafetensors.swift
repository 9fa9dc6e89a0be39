internal import Foundation
public import Tensors

/// Safetensors files that hold parts of one set of weights, by the index beside them:
/// `{"metadata": {…}, "weight_map": {"conv1.weight": "model-00001-of-00002.safetensors", …}}`.
///
/// The names of the shards must be plain file names: they lie in the folder of the index.
///
/// Source: Hugging Face, Big model inference, 2022.
public struct ShardedSafetensors: Sendable {
    /// The index, as it was given.
    public let path: String
    /// Names of the tensors, sorted.
    public let names: [String]

    private let shards: [String: SafetensorsFile]
    private let shardNames: [String: String]

    private static let (largestIndex, mostShards) = (16 << 20, 1000)

    /// Opens an index and all its shards.
    ///
    /// - Throws: `WeightFileError` where the index is none; `SafetensorsError` where a shard cannot be read.
    public init(contentsOf path: String) throws {
        func failure(_ kind: WeightFileError.Kind, _ detail: String) -> WeightFileError {
            WeightFileError(kind, path: path, detail)
        }
        let file = try MappedFile(weights: path)
        guard file.bytes.count <= Self.largestIndex else {
            throw failure(.unsupported, "has \(file.bytes.count) bytes, too many for an index of shards")
        }
        let names: [String: String]
        do {
            names = try Self.weightMap(try HeaderJSONReader.read(file.withBytes { Array($0) }))
        } catch let error as HeaderJSONError {
            throw failure(.damaged, "is no JSON at byte \(error.offset): \(error.reason.excerpt)")
        } catch let error as WeightFileFailure {
            throw error.at(path)
        }
        var shards: [String: SafetensorsFile] = [:]
        let folder = (path as NSString).deletingLastPathComponent
        for shard in Set(names.values).sorted() {
            guard shards.count < Self.mostShards else {
                throw failure(.unsupported, "names more than \(Self.mostShards) shards")
            }
            shards[shard] = try SafetensorsFile(contentsOf: folder.isEmpty ? shard : "\(folder)/\(shard)")
        }
        for (name, shard) in names.sorted(by: { $0.key < $1.key }) where shards[shard]?.shape(of: name) == nil
        {
            throw failure(
                .damaged, "says that '\(name.excerpt)' is in \(shard.excerpt), which has no such tensor")
        }
        self.path = path
        (self.names, self.shards, shardNames) = (names.keys.sorted(), shards, names)
    }

    /// The files of the shards, in the order of their names.
    package var shardPaths: [String] { shards.sorted { $0.key < $1.key }.map(\.value.path) }

    /// The shard of each tensor.
    private static func weightMap(_ index: HeaderJSON) throws(WeightFileFailure) -> [String: String] {
        guard case .object(let members) = index,
            case .object(let entries)? = members.first(where: { $0.key == "weight_map" })?.value
        else {
            throw WeightFileFailure(
                .unsupported,
                "is JSON without a \"weight_map\"; expected the index of sharded safetensors, or weights")
        }
        var names: [String: String] = [:]
        for entry in entries {
            guard case .string(let shard) = entry.value, isPlain(shard) else {
                throw WeightFileFailure(
                    .damaged,
                    "the shard of '\(entry.key.excerpt)' is not a plain file name; shards lie beside their index"
                )
            }
            names[entry.key] = shard
        }
        return names
    }

    /// Whether a name leads to no other folder.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= 255
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 < 0x20 }
    }
}

extension ShardedSafetensors: WeightSource {
    /// Bytes of data of all shards.
    public var byteCount: Int { shards.values.reduce(0) { $0 + $1.byteCount } }

    /// How many tensors and shards there are.
    public var findings: [String] { ["safetensors in \(shards.count) shards, \(names.count) tensors"] }

    /// The shape of a tensor, or nil where no shard has one of that name.
    public func shape(of name: String) -> Shape? { shard(name)?.shape(of: name) }

    /// Whether the elements of a tensor are integers; false where there is none of that name.
    public func holdsIntegers(_ name: String) -> Bool { shard(name)?.holdsIntegers(name) ?? false }

    /// The tensor of that name, dense.
    ///
    /// - Throws: As a single file does.
    public func tensor(_ name: String) throws -> Tensor { try existingShard(name).tensor(name) }

    /// The integers of that name in row-major order.
    ///
    /// - Throws: As a single file does.
    public func integers(_ name: String) throws -> [Int] { try existingShard(name).integers(name) }

    private func shard(_ name: String) -> SafetensorsFile? { shardNames[name].flatMap { shards[$0] } }

    private func existingShard(_ name: String) throws(WeightFileError) -> SafetensorsFile {
        if let shard = shard(name) { return shard }
        throw WeightFileError(
            .content, path: path, "there is no tensor '\(name.excerpt)' in any of its shards")
    }
}
