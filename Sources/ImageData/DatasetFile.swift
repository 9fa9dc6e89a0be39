/// The one place that decides of which kind a file of images is.
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
    ///   - normalization: Applied to images that are stored as bytes; tensor sets are used as they are.
    /// - Throws: `DataError`, of kind `unsupported` where the path is of another kind.
    public static func open(
        path: String, normalization: Normalization = .imageNet
    ) throws(DataError) -> any ImageDataset {
        guard !FileContents.isDirectory(path) else {
            throw DataError(.unsupported, path: path, "is a folder; expected \(supportedKinds)")
        }
        if path.hasSuffix(".safetensors") { return try TensorDataset(contentsOf: path) }
        let bytes = try FileContents.read(path)
        guard IDXFile.recognizes(bytes) else {
            throw DataError(.unsupported, path: path, "is of an unknown kind; expected \(supportedKinds)")
        }
        return try IDXDataset(imageBytes: bytes, path: path, normalization: normalization)
    }
}
