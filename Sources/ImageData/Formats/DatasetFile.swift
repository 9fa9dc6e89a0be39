/// The one place that decides of which format a file of images is.
public enum DatasetFile {
    /// What can be opened, for messages and help.
    public static let supportedKinds =
        "a folder with a folder of images (JPEG, PNG) for each class, a list of lines \"path label\", tar shards of "
        + "KEY.jpg with KEY.cls (a .tar, NAME-{000000..000009}.tar, a folder or a list of them), IDX images with their "
        + "labels beside them (MNIST family, .gz too), or a .safetensors file with \"images\" [n, C, H, W] and "
        + "\"labels\" [n]"

    /// Opens a data set.
    ///
    /// A folder is one of class folders, or of tar shards where it holds some and no folder; a name in `.tar` means shards,
    /// one in `.safetensors` a tensor set; a file that begins as IDX does, after unpacking, means IDX images; text means a
    /// list of photographs, or of shards where its first line ends in `.tar`.
    ///
    /// - Parameters:
    ///   - path: The folder or file.
    ///   - options: How it is opened and read.
    /// - Throws: `DataError`, of kind `unsupported` where the path is of another kind.
    public static func open(
        path: String, options: DatasetOptions = DatasetOptions()
    ) throws(DataError) -> any ImageDataset {
        if RegularFile.isDirectory(path) || path.hasSuffix(ShardNames.suffix) {
            if let shards = try ShardNames.named(path) { return try open(shards, of: path, options) }
            return PhotographDataset(
                contentsOf: path, try PhotographListing(classFolders: path), options: options)
        }
        if path.hasSuffix(".safetensors") {
            return try TensorDataset(contentsOf: path, digests: options.digests)
        }
        if try IDXFile.recognizes(path) { return try IDXDataset(contentsOf: path, digests: options.digests) }
        if let shards = try ShardNames.named(path) { return try open(shards, of: path, options) }
        guard try PhotographListing.recognizesList(path) else {
            throw DataError(.unsupported, path: path, "is of an unknown kind; expected \(supportedKinds)")
        }
        return PhotographDataset(contentsOf: path, try PhotographListing(listFile: path), options: options)
    }

    /// Opens shards.
    private static func open(
        _ shards: [String], of path: String, _ options: DatasetOptions
    ) throws(DataError) -> PhotographDataset {
        PhotographDataset(
            contentsOf: path, try PhotographListing(shards: shards, of: path), options: options)
    }
}
