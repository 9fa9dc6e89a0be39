internal import ModelFiles
internal import Tensors

/// Images that were prepared elsewhere, in a safetensors file, and are used as they are.
///
/// The file holds `images` `[n, C, H, W]` as floats, `labels` `[n]` as integers, and optionally
/// `images_second_view` of the shape of `images`. Nothing is normalized, moved or mirrored.
public struct TensorDataset: ImageDataset {
    /// The file of images.
    public let path: String
    /// Number of samples.
    public let count: Int
    /// Largest label plus one.
    public let classCount: Int
    /// Channels of every image.
    public let channels: Int
    /// Rows of every image.
    public let height: Int
    /// Columns of every image.
    public let width: Int
    /// False: images are used as they are.
    public let takesTransforms = false
    /// A summary of all images and labels; equal for equal contents.
    public let fingerprint: UInt64
    /// Whether the file holds `images_second_view`.
    public var hasSecondView: Bool { secondView != nil }

    private let images: Tensor
    private let secondView: Tensor?
    private let labels: [Int]

    /// A label from here on is taken for damage: nothing has that many classes.
    private static let largestClassCount = 1_000_000

    /// Reads a file whole.
    ///
    /// - Throws: `DataError` where the file is no safetensors file, a tensor is missing or has another shape,
    ///   a label is negative, or a pixel is not finite.
    public init(contentsOf path: String) throws(DataError) {
        let contents: Contents
        do {
            contents = try Self.read(path)
        } catch {
            throw DataError(error.kind == .inputOutput ? .inputOutput : .format, path: path, error.detail)
        }
        (images, secondView, labels) = (contents.images, contents.secondView, contents.labels)
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
        (count, channels, height, width) = (shape[0], shape[1], shape[2], shape[3])
        classCount = (labels.max() ?? 0) + 1
        var fingerprint = Fingerprint()
        fingerprint.add(shape.dimensions)
        fingerprint.add(labels)
        for tensor in [images, secondView].compactMap(\.self) {
            try Self.add(tensor, to: &fingerprint, path: path)
        }
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

    /// Adds all values and makes sure that they are numbers.
    private static func add(
        _ tensor: Tensor, to fingerprint: inout Fingerprint, path: String
    ) throws(DataError) {
        let wrong = tensor.withElements { elements -> Int? in
            for index in 0..<elements.count {
                guard elements[index].isFinite else { return index }
                fingerprint.add(UInt64(elements[index].bitPattern))
            }
            return nil
        }
        guard let wrong else { return }
        let sample = wrong / (tensor.count / tensor.shape[0])
        throw DataError(.format, path: path, "the image of sample \(sample) holds a value that is not finite")
    }

    /// The label of a sample.
    public func label(_ index: Int) -> Int { labels[index] }

    /// Copies one image. A placement other than the identity traps, and so does a second view that is missing.
    public func write(
        _ index: Int, view: ImageView, placement: ImagePlacement, into pixels: inout MutableSpan<Float>
    ) throws(DataError) {
        precondition(index >= 0 && index < count, "sample \(index) of \(count)")
        precondition(placement == .identity, "prepared images cannot be moved or mirrored")
        precondition(pixels.count == pixelCount, "\(pixels.count) values for an image of \(imageSize)")
        guard let tensor = view == .first ? images : secondView else {
            preconditionFailure("\(path) has no second view")
        }
        tensor.withElements { elements in
            let first = index * pixelCount
            for offset in 0..<pixels.count { pixels[offset] = elements[first + offset] }
        }
    }
}
