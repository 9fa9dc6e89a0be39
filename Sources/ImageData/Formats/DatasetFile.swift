/// The one place that decides of which format a file of images is.
public enum DatasetFile {
    /// What can be opened, for messages and help.
    public static let supportedKinds =
        "a folder with a folder of images (JPEG, PNG) for each class, a list of lines \"path label\", IDX images with "
        + "their labels beside them (MNIST family, .gz too), or a .safetensors file with \"images\" [n, C, H, W] and "
        + "\"labels\" [n]"

    /// Opens a data set.
    ///
    /// A folder is one of class folders; a name in `.safetensors` means a tensor set; a file that begins as IDX does,
    /// after unpacking, means IDX images; text means a list of photographs.
    ///
    /// - Parameters:
    ///   - path: The folder or file; every rank opens it.
    ///   - options: How it is opened and read.
    /// - Throws: `DataError`, of kind `unsupported` where the path is of another kind.
    public static func open(
        path: String, options: DatasetOptions = DatasetOptions()
    ) throws(DataError) -> any ImageDataset {
        if RegularFile.isDirectory(path) {
            return try PhotographDataset(
                contentsOf: path, PhotographListing(classFolders: path), options: options)
        }
        if path.hasSuffix(".safetensors") {
            return try TensorDataset(contentsOf: path, digests: options.digests)
        }
        if try IDXFile.recognizes(path) { return try IDXDataset(contentsOf: path, digests: options.digests) }
        guard try PhotographListing.recognizesList(path) else {
            throw DataError(.unsupported, path: path, "is of an unknown kind; expected \(supportedKinds)")
        }
        return try PhotographDataset(contentsOf: path, PhotographListing(listFile: path), options: options)
    }
}
