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
    /// Whether all labels are 0 and mean nothing.
    private let isUnlabelled: Bool

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
        try self.init(path, digests, isLabelled: true)
    }

    /// Reads images whose labels, if there are any, do not matter; all have the label 0.
    ///
    /// - Throws: As above.
    package static func unlabelled(_ path: String) throws(DataError) -> TensorDataset {
        try TensorDataset(path, nil, isLabelled: false)
    }

    private init(_ path: String, _ digests: FileDigestCache?, isLabelled: Bool) throws(DataError) {
        let file = try RegularFile(path)
        let contents: Contents
        do {
            contents = try Self.read(path, isLabelled: isLabelled)
        } catch {
            throw DataError(error.kind == .inputOutput ? .inputOutput : .format, path: path, error.detail)
        }
        let (images, secondView) = (contents.images, contents.secondView)
        let shape = images.shape
        guard shape.rank == 4, shape.count > 0 else {
            throw DataError(.format, path: path, "images have shape \(shape); expected [n, C, H, W]")
        }
        if let secondView, secondView.shape != shape {
            throw DataError(
                .format, path: path,
                "images_second_view have shape \(secondView.shape); expected \(shape), that of images")
        }
        labels = try Self.checked(contents, path)
        isUnlabelled = !isLabelled
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

    /// The labels, one an image.
    private static func checked(_ contents: Contents, _ path: String) throws(DataError) -> [Int] {
        let count = contents.images.shape[0]
        guard let labels = contents.labels else { return Array(repeating: 0, count: count) }
        guard contents.labelShape == [count] else {
            throw DataError(
                .format, path: path,
                "labels have shape \(contents.labelShape); expected [\(count)], one an image")
        }
        for (index, label) in labels.enumerated() where label < 0 || label >= largestClassCount {
            throw DataError(
                .label, path: path,
                "the label of sample \(index) is \(label); labels are 0, 1, 2, … below \(largestClassCount)")
        }
        return labels
    }

    /// Adds everything but images, and gives these.
    func pack(into bytes: inout PackedBytes) -> [Tensor] {
        bytes.add(path)
        bytes.add(Int(bitPattern: UInt(fingerprint)))
        bytes.add(labels)
        bytes.add(isUnlabelled)
        guard case .prepared(let images) = content else { preconditionFailure("tensors are prepared images") }
        return [images.images] + [images.secondView].compactMap(\.self)
    }

    /// A data set that was packed.
    init(unpacking bytes: inout PackedBytesReader, tensors: [Tensor]) {
        path = bytes.text()
        fingerprint = UInt64(UInt(bitPattern: bytes.number()))
        (labels, isUnlabelled) = (bytes.numbers(), bytes.flag())
        (count, classCount) = (labels.count, (labels.max() ?? 0) + 1)
        content = .prepared(
            PreparedImages(images: tensors[0], secondView: tensors.count > 1 ? tensors[1] : nil))
    }

    private struct Contents {
        let images: Tensor
        let secondView: Tensor?
        /// nil where they are not asked for.
        let labels: [Int]?
        let labelShape: Shape
    }

    private static func read(_ path: String, isLabelled: Bool) throws(SafetensorsError) -> Contents {
        let file = try SafetensorsFile(contentsOf: path)
        let images = try file.tensor("images")
        guard isLabelled else {
            return Contents(images: images, secondView: nil, labels: nil, labelShape: [])
        }
        let second = "images_second_view"
        return Contents(
            images: images, secondView: file.shape(of: second) == nil ? nil : try file.tensor(second),
            labels: try file.integers("labels"), labelShape: file.shape(of: "labels") ?? [])
    }

    private static func requireFinite(_ tensor: Tensor, path: String) throws(DataError) {
        let wrong = tensor.withElements { elements in
            (0..<elements.count).first { !elements[$0].isFinite }
        }
        guard let wrong else { return }
        let sample = wrong / (tensor.count / tensor.shape[0])
        throw DataError(
            .format, path: path,
            "the image of sample \(sample) holds a value that is not finite; mend what writes the file")
    }

    /// What a list of predictions calls a sample: its index, behind the path where it has no label.
    public func identifier(_ index: Int) -> String { isUnlabelled ? "\(path):\(index)" : String(index) }

    /// The label of a sample.
    public func label(_ index: Int) -> Int { labels[index] }
}
