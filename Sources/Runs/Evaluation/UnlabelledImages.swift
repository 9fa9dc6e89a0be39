package import ImageData

/// Images to be classified, of which nobody knows the class.
package enum UnlabelledImages {
    /// Opens images for `ballast predict`.
    ///
    /// The samples come in sorted order of their paths, which are their identifiers; every label is 0 and means
    /// nothing.
    ///
    /// - Parameter paths: Photographs and folders of photographs, or one `.safetensors` file with `images`.
    /// - Parameter options: How files are read.
    /// - Throws: `DataError` that names the file.
    package static func open(
        paths: [String], options: DatasetOptions = DatasetOptions()
    ) throws(DataError) -> any ImageDataset {
        if paths.count == 1, paths[0].hasSuffix(".safetensors") {
            return try TensorDataset.unlabelled(paths[0])
        }
        let photographs = try PhotographDataset.unlabelled(paths, options: options)
        try photographs.requireUsable(remedy: "mend or remove them, or name the others alone with --data")
        return photographs
    }
}
