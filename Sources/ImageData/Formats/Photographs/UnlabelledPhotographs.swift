extension PhotographDataset {
    /// Opens photographs that have no classes; all have the label 0.
    ///
    /// - Parameters:
    ///   - paths: Files, and folders with files at any depth, in which what begins with a dot is left out.
    ///   - options: How files are read.
    /// - Returns: The photographs in the order of their paths by bytes, each once; they are called by their paths.
    /// - Throws: `DataError` where a path leads nowhere, or there is no file.
    public static func unlabelled(
        _ paths: [String], options: DatasetOptions = DatasetOptions()
    ) throws(DataError) -> PhotographDataset {
        var files: Set<String> = []
        for path in paths {
            guard RegularFile.isDirectory(path) else {
                guard RegularFile.exists(path) else {
                    throw DataError(
                        .inputOutput, path: path, "is not there; expected an image or a folder of images")
                }
                files.insert(path)
                continue
            }
            let folder = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
            files.formUnion(try FolderContents(below: folder).files.map { folder + "/" + $0 })
        }
        let name = paths.count == 1 ? paths[0] : "\(paths.count) paths"
        guard !files.isEmpty else {
            throw DataError(.selection, path: name, "holds no file; expected images")
        }
        let entries = files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map {
            PhotographListing.Entry(path: $0, label: 0)
        }
        let listing = PhotographListing(
            root: "", entries: entries, classNames: ["0"], hasNamedClasses: false, notes: [])
        return PhotographDataset(contentsOf: name, listing, options: options)
    }
}
