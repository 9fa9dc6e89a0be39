/// The one place that decides of which format a file of images is.
public enum DatasetFile {
    /// What can be opened, for messages and help.
    public static let supportedKinds =
        "IDX images with their labels beside them (MNIST family, .gz too), or a .safetensors file with "
        + "\"images\" [n, C, H, W] and \"labels\" [n]"

    /// Opens a data set.
    ///
    /// A name in `.safetensors` means a tensor set; a file that begins as IDX does, after unpacking, means
    /// IDX images.
    ///
    /// - Parameters:
    ///   - path: The file; every rank opens it.
    ///   - digests: Hashes of files that are known already; nil where every file is to be hashed.
    /// - Throws: `DataError`, of kind `unsupported` where the path is of another kind.
    public static func open(
        path: String, digests: FileDigestCache? = nil
    ) throws(DataError) -> any ImageDataset {
        guard !RegularFile.isDirectory(path) else {
            throw DataError(.unsupported, path: path, "is a folder; expected \(supportedKinds)")
        }
        if path.hasSuffix(".safetensors") {
            return try TensorDataset(contentsOf: path, digests: digests)
        }
        guard try IDXFile.recognizes(path) else {
            throw DataError(.unsupported, path: path, "is of an unknown kind; expected \(supportedKinds)")
        }
        return try IDXDataset(contentsOf: path, digests: digests)
    }
}
