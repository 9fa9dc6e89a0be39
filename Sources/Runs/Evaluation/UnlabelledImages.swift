internal import ImageData
internal import ModelFiles
internal import Tensors

/// Images to be classified, of which nobody knows the class.
enum UnlabelledImages {
    /// Opens images for `ballast predict`.
    ///
    /// The samples come in sorted order of their paths, which are their identifiers; every label is 0 and means
    /// nothing.
    ///
    /// - Parameter paths: Photographs and folders of photographs, or one `.safetensors` file with `images`.
    /// - Throws: `DataError` that names the file.
    static func open(paths: [String]) throws(DataError) -> any ImageDataset {
        if paths.count == 1, paths[0].hasSuffix(".safetensors") { return try UnlabelledTensors(paths[0]) }
        let options = DatasetOptions(threads: ComputeThreads.count)
        let photographs = try PhotographDataset.unlabelled(paths, options: options)
        try photographs.requireUsable()
        return photographs
    }
}

/// The tensor `images` of a safetensors file. Labels beside it are left alone.
private struct UnlabelledTensors: ImageDataset {
    let path: String
    let count: Int
    let content: ImageContent
    let fingerprint: UInt64
    let classCount = 1

    init(_ path: String) throws(DataError) {
        let images: Tensor
        do {
            images = try SafetensorsFile(contentsOf: path).tensor("images")
        } catch {
            throw DataError(error.kind == .inputOutput ? .inputOutput : .format, path: path, error.detail)
        }
        guard images.shape.rank == 4, images.shape.count > 0 else {
            throw DataError(.format, path: path, "images have shape \(images.shape); expected [n, C, H, W]")
        }
        let wrong = images.withElements { elements in elements.firstIndex { !$0.isFinite } }
        if let wrong {
            let sample = wrong / (images.shape.count / images.shape[0])
            throw DataError(
                .format, path: path, "the image of sample \(sample) holds a value that is not finite")
        }
        do {
            let digest = try FileDigest(ofFile: path).description
            fingerprint = UInt64(digest.prefix(16), radix: 16) ?? 0
        } catch {
            throw DataError(.inputOutput, path: path, "cannot be read: \(error)")
        }
        (self.path, count) = (path, images.shape[0])
        content = .prepared(PreparedImages(images: images))
    }

    func label(_ index: Int) -> Int { 0 }

    func identifier(_ index: Int) -> String { "\(path):\(index)" }
}
