internal import ModelFiles
internal import Tensors

/// Images that were prepared elsewhere, in a safetensors file, and are used as they are.
///
/// The file holds `images` `[n, C, H, W]` as floats, `labels` `[n]` as integers, and optionally
/// `images_second_view` of the shape of `images`. Nothing is transformed or normalized.
public struct TensorDataset: ImageDataset {
    /// The file of images.
    public let path: String
    /// Number of samples.
    public let count: Int
    /// Largest label plus one.
    public let classCount: Int
    /// A summary of the hash of the file.
    public let fingerprint: UInt64
    /// The images as they are.
    public let content: ImageContent

    private let labels: [Int]

    /// A label from here on is taken for damage: nothing has that many classes.
    private static let largestClassCount = 1_000_000

    /// Reads a file whole.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - digests: Hashes of files that are known already; nil where the file is to be hashed.
    /// - Throws: `DataError` where the file is no safetensors file, a tensor is missing or has another shape,
    ///   a label is negative, or a pixel is not finite.
    public init(contentsOf path: String, digests: FileDigestCache? = nil) throws(DataError) {
        let file = try RegularFile(path)
        let contents: Contents
        do {
            contents = try Self.read(path)
        } catch {
            throw DataError(error.kind == .inputOutput ? .inputOutput : .format, path: path, error.detail)
        }
        let (images, secondView) = (contents.images, contents.secondView)
        labels = contents.labels
        let shape = images.shape
        guard shape.rank == 4, shape.count > 0 else {
            throw DataError(.format, path: path, "images have shape \(shape); expected [n, C, H, W]")
        }
        guard contents.labelShape == [shape[0]] else {
            throw DataError(
                .format, path: path,
                "labels have shape \(contents.labelShape); expected [\(shape[0])], one an image")
        }
        if let secondView, secondView.shape != shape {
            throw DataError(
                .format, path: path,
                "images_second_view have shape \(secondView.shape); expected \(shape), that of images")
        }
        for (index, label) in labels.enumerated() where label < 0 || label >= Self.largestClassCount {
            throw DataError(
                .label, path: path,
                "the label of sample \(index) is \(label); labels are 0, 1, 2, … below \(Self.largestClassCount)"
            )
        }
        self.path = path
        count = shape[0]
        classCount = (labels.max() ?? 0) + 1
        for tensor in [images, secondView].compactMap(\.self) {
            try Self.requireFinite(tensor, path: path)
        }
        content = .prepared(PreparedImages(images: images, secondView: secondView))
        var fingerprint = Fingerprint()
        fingerprint.add("safetensors")
        fingerprint.add(shape.dimensions)
        fingerprint.add(try FileDigestCache.digest(of: file, in: digests).description)
        self.fingerprint = fingerprint.value
    }

    private struct Contents {
        let images: Tensor
        let secondView: Tensor?
        let labels: [Int]
        let labelShape: Shape
    }

    private static func read(_ path: String) throws(SafetensorsError) -> Contents {
        let file = try SafetensorsFile(contentsOf: path)
        let second = "images_second_view"
        return Contents(
            images: try file.tensor("images"),
            secondView: file.shape(of: second) == nil ? nil : try file.tensor(second),
            labels: try file.integers("labels"), labelShape: file.shape(of: "labels") ?? [])
    }

    private static func requireFinite(_ tensor: Tensor, path: String) throws(DataError) {
        let wrong = tensor.withElements { elements in
            (0..<elements.count).first { !elements[$0].isFinite }
        }
        guard let wrong else { return }
        let sample = wrong / (tensor.count / tensor.shape[0])
        throw DataError(.format, path: path, "the image of sample \(sample) holds a value that is not finite")
    }

    /// The label of a sample.
    public func label(_ index: Int) -> Int { labels[index] }
}
