/// Which of two images of one sample is meant.
public enum ImageView: Int, Sendable, CaseIterable {
    /// The image that is classified.
    case first = 0
    /// Another look at the same sample: Bi-Tuning's key view.
    case second = 1
}

/// Images of one size with labels, as a file holds them.
///
/// A data set is the same on every rank: each rank opens all of it and later reads only its share. It knows
/// nothing of selections (`Subset`), order (`SampleStream`) or ranks (`Shard`).
///
/// A new kind of file is a new conformer and one more line in `DatasetFile`.
public protocol ImageDataset: Sendable {
    /// The file, for messages.
    var path: String { get }
    /// Number of samples.
    var count: Int { get }
    /// Largest label plus one.
    var classCount: Int { get }
    /// A name for each label; the label itself in decimal where the file has no names.
    var classNames: [String] { get }
    /// Channels of every image.
    var channels: Int { get }
    /// Rows of every image.
    var height: Int { get }
    /// Columns of every image.
    var width: Int { get }
    /// Whether a sample has a second view: one of its own, or another random placement.
    var hasSecondView: Bool { get }
    /// Whether images may be moved and mirrored. False for images that were prepared elsewhere.
    var takesTransforms: Bool { get }
    /// A summary of all images and labels; equal for equal contents.
    var fingerprint: UInt64 { get }

    /// The label of a sample, never negative.
    func label(_ index: Int) -> Int

    /// What a list of predictions calls a sample: its index in the file, or the name of its file.
    func identifier(_ index: Int) -> String

    /// Writes one image, ready for a network.
    ///
    /// - Parameters:
    ///   - index: The sample, `0 ..< count`.
    ///   - view: Which of its images.
    ///   - placement: Where the image lies in the frame; the identity unless `takesTransforms`.
    ///   - pixels: `channels · height · width` values in row-major order, all of them written.
    /// - Throws: `DataError` where the image cannot be read.
    func write(
        _ index: Int, view: ImageView, placement: ImagePlacement, into pixels: inout MutableSpan<Float>
    ) throws(DataError)
}

extension ImageDataset {
    /// The labels in decimal.
    public var classNames: [String] { (0..<classCount).map { String($0) } }

    /// The index in decimal.
    public func identifier(_ index: Int) -> String { String(index) }

    /// Values in one image.
    public var pixelCount: Int { channels * height * width }

    /// `[C, H, W]` for messages.
    var imageSize: String { "[\(channels), \(height), \(width)]" }
}
