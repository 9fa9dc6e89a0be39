public import ModelFiles
public import Tensors

/// Which of two images of one sample is meant.
public enum ImageView: Int, Sendable, CaseIterable {
    /// The image that is classified.
    case first = 0
    /// Another look at the same sample: Bi-Tuning's key view.
    case second = 1
}

/// Labelled images, as files hold them.
///
/// A data set is the same on every rank: each rank opens all of it and later reads only its shard. It knows
/// nothing of selections (`Subset`), transforms and normalization (`ImagePipeline`), order (`SampleStream`) or
/// ranks (`Shard`). A new format is a new conformer and one more line in `DatasetFile`.
public protocol ImageDataset: Sendable {
    /// The file, for messages.
    var path: String { get }
    /// Number of samples.
    var count: Int { get }
    /// Largest label plus one.
    var classCount: Int { get }
    /// A name for each label; the label itself in decimal where the file has no names.
    var classNames: [String] { get }
    /// Whether the names stand in the data: data sets of a run are then matched by them, not by labels.
    var hasNamedClasses: Bool { get }
    /// What an item of the data set is.
    var content: ImageContent { get }
    /// A summary of all images and labels, from the hashes of their files; equal for equal files, wherever
    /// they lie.
    var fingerprint: UInt64 { get }
    /// What was left out of the data set or noticed about it, to be said to the user; a line each.
    var notes: [String] { get }

    /// The label of a sample, never negative.
    func label(_ index: Int) -> Int

    /// What a list of predictions calls a sample: its index in the file, or the name of its file.
    func identifier(_ index: Int) -> String

    /// What a sample must not be divided from when samples are split, such as a patient; nil: nothing.
    func group(_ index: Int) -> String?

    /// The hash of a sample's own file; nil where samples share one.
    func digest(_ index: Int) -> FileDigest?
}

extension ImageDataset {
    /// The labels in decimal.
    public var classNames: [String] { (0..<classCount).map { String($0) } }

    /// Labels are numbers.
    public var hasNamedClasses: Bool { false }

    /// Nothing.
    public var notes: [String] { [] }

    /// Nothing.
    public func group(_ index: Int) -> String? { nil }

    /// None.
    public func digest(_ index: Int) -> FileDigest? { nil }

    /// The index in decimal.
    public func identifier(_ index: Int) -> String { String(index) }

    /// The size of every image before any transform; nil where sizes differ.
    public var commonSize: ImageSize? {
        switch content {
        case .pixels(let source): source.commonSize
        case .prepared(let images): images.size
        }
    }
}

/// What the items of a data set are, and with that which steps they go through.
public enum ImageContent: Sendable {
    /// Images to be decoded, transformed and normalized. A second view is the same image under other draws.
    case pixels(any PixelSource)
    /// Tensors that are used as they are: nothing is decoded, transformed or normalized.
    case prepared(PreparedImages)

    /// Whether a sample has a second view.
    public var hasSecondView: Bool {
        switch self {
        case .pixels: true
        case .prepared(let images): images.secondView != nil
        }
    }
}

/// Decodes the items of a data set.
public protocol PixelSource: Sendable {
    /// The size of every image; nil where sizes differ.
    var commonSize: ImageSize? { get }

    /// The size of one image, without decoding it.
    ///
    /// - Throws: `DataError` where its file cannot be read.
    func size(_ index: Int) throws(DataError) -> ImageSize

    /// Decodes one image, or a part of it, into a buffer, which it gives the size of the part and the channels of
    /// the image. Called on several threads at once.
    ///
    /// - Parameters:
    ///   - index: The sample, `0 ..< count`.
    ///   - request: The part, which lies within the image.
    ///   - image: A buffer that held another image before.
    /// - Throws: `DataError` where the image cannot be read.
    func decode(_ index: Int, _ request: PixelRequest, into image: inout PixelImage) throws(DataError)
}

/// Images that were made ready for a network elsewhere.
public struct PreparedImages: Sendable {
    /// `[n, C, H, W]`.
    public let images: Tensor
    /// A second view of each image, of the same shape.
    public let secondView: Tensor?

    /// Images and their second views, dense and of one shape `[n, C, H, W]`, or it traps.
    public init(images: Tensor, secondView: Tensor? = nil) {
        precondition(images.shape.rank == 4, "images of shape \(images.shape); expected [n, C, H, W]")
        precondition(
            secondView.map { $0.shape == images.shape } ?? true,
            "second views of shape \(secondView?.shape ?? []) for images of shape \(images.shape)")
        (self.images, self.secondView) = (images, secondView)
    }

    /// Height and width of every image.
    var size: ImageSize { ImageSize(height: images.shape[2], width: images.shape[3]) }

    /// Copies one image.
    func copy(_ index: Int, _ view: ImageView, into values: inout MutableSpan<Float>) {
        guard let tensor = view == .first ? images : secondView else {
            preconditionFailure("prepared images without a second view")
        }
        tensor.withElements { elements in
            let first = index * values.count
            for offset in 0..<values.count { values[offset] = elements[first + offset] }
        }
    }
}
