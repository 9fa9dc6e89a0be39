/// Grey images and labels of the MNIST family, held in memory as bytes.
///
/// Images become three equal channels of `p / 255`, normalized. Labels lie in a file beside the images whose
/// name has `labels` for `images` and `idx1` for `idx3`, packed by gzip or not.
public struct IDXDataset: ImageDataset {
    /// The file of images.
    public let path: String
    /// Number of samples.
    public let count: Int
    /// Largest label plus one.
    public let classCount: Int
    /// Three: grey is repeated.
    public let channels = 3
    /// Rows of every image.
    public let height: Int
    /// Columns of every image.
    public let width: Int
    /// True: a second view is another random placement.
    public let hasSecondView = true
    /// True.
    public let takesTransforms = true
    /// A summary of all images and labels; equal for equal contents.
    public let fingerprint: UInt64

    private let images: IDXFile
    private let labels: IDXFile
    /// What each byte becomes, one table a channel.
    private let tables: [[Float]]

    /// Reads images and the labels beside them.
    ///
    /// - Parameters:
    ///   - path: The file of images.
    ///   - normalization: Applied to every pixel.
    /// - Throws: `DataError` where a file is missing, damaged, or has another number of samples than the
    ///   other.
    public init(contentsOf path: String, normalization: Normalization = .imageNet) throws(DataError) {
        try self.init(imageBytes: FileContents.read(path), path: path, normalization: normalization)
    }

    init(imageBytes: [UInt8], path: String, normalization: Normalization) throws(DataError) {
        images = try IDXFile(imageBytes, path: path, dimensions: 3)
        let labelPath = try Self.labelPath(besides: path)
        labels = try IDXFile(FileContents.read(labelPath), path: labelPath, dimensions: 1)
        guard labels.extents[0] == images.extents[0] else {
            throw DataError(
                .format, path: labelPath,
                "has \(labels.extents[0]) labels for the \(images.extents[0]) images of \(path); the two files "
                    + "do not belong together")
        }
        self.path = path
        count = images.extents[0]
        height = images.extents[1]
        width = images.extents[2]
        classCount = Int(labels.bytes[labels.start...].max() ?? 0) + 1
        tables = (0..<3).map { normalization.table(channel: $0) }
        var fingerprint = Fingerprint()
        fingerprint.add(images.extents)
        fingerprint.add(images.bytes[images.start...])
        fingerprint.add(labels.bytes[labels.start...])
        self.fingerprint = fingerprint.value
    }

    /// The label of a sample.
    public func label(_ index: Int) -> Int { Int(labels.bytes[labels.start + index]) }

    /// Writes one image; what lies outside of it is black before normalization. Never throws.
    public func write(
        _ index: Int, view: ImageView, placement: ImagePlacement, into pixels: inout MutableSpan<Float>
    ) throws(DataError) {
        precondition(index >= 0 && index < count, "sample \(index) of \(count)")
        precondition(pixels.count == pixelCount, "\(pixels.count) values for an image of \(imageSize)")
        let first = images.start + index * height * width
        var target = 0
        for table in tables {
            for frameRow in 0..<height {
                let row = frameRow + placement.firstRow
                for frameColumn in 0..<width {
                    let cropColumn = placement.isMirrored ? width - 1 - frameColumn : frameColumn
                    let column = cropColumn + placement.firstColumn
                    let isInside = row >= 0 && row < height && column >= 0 && column < width
                    pixels[target] = table[isInside ? Int(images.bytes[first + row * width + column]) : 0]
                    target += 1
                }
            }
        }
    }

    /// The file of labels that belongs to a file of images.
    private static func labelPath(besides path: String) throws(DataError) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let name = String(parts.last ?? "")
        let labelName = name.replacing("images", with: "labels").replacing("idx3", with: "idx1")
        guard labelName != name, name.contains("images") else {
            throw DataError(
                .unsupported, path: path,
                "the name of IDX images must contain \"images\", so that the file of labels beside it, with "
                    + "\"labels\" in that place, can be found; rename both")
        }
        let plain = labelName.hasSuffix(".gz") ? String(labelName.dropLast(3)) : labelName
        let other = labelName == plain ? plain + ".gz" : plain
        let candidates = [labelName, other].map { name in
            (parts.dropLast() + [Substring(name)]).joined(separator: "/")
        }
        if let found = candidates.first(where: FileContents.exists) { return found }
        throw DataError(
            .inputOutput, path: path,
            "the labels of these images are missing: neither \(candidates[0]) nor \(candidates[1]) exists")
    }
}
