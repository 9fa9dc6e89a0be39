/// Opens weights as people have them.
public enum WeightFile {
    /// Opens a file of named tensors: safetensors, sharded safetensors by their `*.index.json`, or what `torch.save`
    /// wrote. The contents decide, not the name.
    ///
    /// - Throws: `WeightFileError` or `SafetensorsError`, which say what the file is instead.
    public static func open(_ path: String) throws -> any WeightSource {
        let file = try MappedFile(weights: path)
        switch file.withBytes(FileAppearance.init) {
        case .zip, .legacyPyTorch: return try PyTorchFile(file, path)
        case .json: return try ShardedSafetensors(contentsOf: path)
        case .safetensors: return try SafetensorsFile(contentsOf: path)
        case let other: throw other.failure.at(path)
        }
    }

    /// The SHA-256 of all that weights consist of: a file, or an index with its shards.
    ///
    /// - Throws: As `open` does where an index is damaged; what the system says where a file cannot be read.
    public static func digest(_ path: String) throws -> FileDigest {
        guard case .json = try MappedFile(weights: path).withBytes(FileAppearance.init) else {
            return try FileDigest(ofFile: path)
        }
        let parts = [path] + (try ShardedSafetensors(contentsOf: path).shardPaths)
        return SHA256.digest(of: try parts.map { try FileDigest(ofFile: $0).description }.joined().utf8)
    }
}

extension MappedFile {
    /// Maps a file of weights.
    convenience init(weights path: String) throws(WeightFileError) {
        do {
            try self.init(path)
        } catch {
            throw WeightFileError(
                error.isOfAnotherKind ? .unsupported : .inputOutput, path: path, error.reason)
        }
    }
}
