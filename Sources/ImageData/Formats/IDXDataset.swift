/// Grey images and labels of the MNIST family, held in memory as bytes.
///
/// Labels lie in a file beside the images whose name has `labels` for `images` and `idx1` for `idx3`, packed by
/// gzip or not.
public struct IDXDataset: ImageDataset, PixelSource {
    /// The file of images.
    public let path: String
    /// Number of samples.
    public let count: Int
    /// Largest label plus one.
    public let classCount: Int
    /// A summary of the hashes of both files.
    public let fingerprint: UInt64
    /// Images of one channel.
    public var content: ImageContent { .pixels(self) }
    /// The size of every image.
    public var commonSize: ImageSize? { imageSize }

    private let imageSize: ImageSize
    /// All images, `[n, H, W]`.
    private let pixels: [UInt8]
    private let labels: [UInt8]

    /// Reads images and the labels beside them.
    ///
    /// - Parameters:
    ///   - path: The file of images.
    ///   - digests: Hashes of files that are known already; nil where both files are to be hashed.
    /// - Throws: `DataError` where a file is missing, damaged, or has another number of samples than the
    ///   other.
    public init(contentsOf path: String, digests: FileDigestCache? = nil) throws(DataError) {
        let imageFile = try RegularFile(path)
        let images = try IDXFile(imageFile, .images)
        let labelPath = try Self.labelPath(besides: path)
        let labelFile = try RegularFile(labelPath)
        let labels = try IDXFile(labelFile, .labels)
        guard labels.extents[0] == images.extents[0] else {
            throw DataError(
                .format, path: labelPath,
                "has \(labels.extents[0]) labels for the \(images.extents[0]) images of \(path); the two files "
                    + "do not belong together")
        }
        self.path = path
        count = images.extents[0]
        imageSize = ImageSize(height: images.extents[1], width: images.extents[2])
        classCount = Int(labels.elements.max() ?? 0) + 1
        var fingerprint = Fingerprint()
        fingerprint.add("idx")
        fingerprint.add(images.extents)
        for file in [imageFile, labelFile] {
            fingerprint.add(try FileDigestCache.digest(of: file, in: digests).description)
        }
        self.fingerprint = fingerprint.value
        (pixels, self.labels) = (images.elements, labels.elements)
    }

    /// Adds everything but pixels, and gives these.
    func pack(into bytes: inout PackedBytes) -> [UInt8] {
        bytes.add(path)
        bytes.add([imageSize.height, imageSize.width, Int(bitPattern: UInt(fingerprint))])
        bytes.add(labels.map { Int($0) })
        return pixels
    }

    /// A data set that was packed.
    init(unpacking bytes: inout PackedBytesReader, pixels: [UInt8]) {
        path = bytes.text()
        let numbers = bytes.numbers()
        imageSize = ImageSize(height: numbers[0], width: numbers[1])
        fingerprint = UInt64(UInt(bitPattern: numbers[2]))
        labels = bytes.numbers().map { UInt8($0) }
        (count, classCount, self.pixels) = (labels.count, Int(labels.max() ?? 0) + 1, pixels)
    }

    /// The label of a sample.
    public func label(_ index: Int) -> Int { Int(labels[index]) }

    /// The size of every image. Never throws.
    public func size(_ index: Int) throws(DataError) -> ImageSize { imageSize }

    /// Copies one image or a part of it. Never throws.
    public func decode(
        _ index: Int, _ request: PixelRequest, into image: inout PixelImage
    ) throws(DataError) {
        precondition(index >= 0 && index < count, "sample \(index) of \(count)")
        let region = request.region ?? PixelRegion(all: imageSize)
        precondition(
            region.rows.upperBound <= imageSize.height && region.columns.upperBound <= imageSize.width,
            "region of \(region) of an image of \(imageSize)")
        image.reshape(region.size, channels: 1)
        let source = pixels.span
        image.withMutablePixels { target in
            var written = 0
            for row in region.rows {
                let first = (index * imageSize.height + row) * imageSize.width
                for column in region.columns {
                    target[written] = source[first + column]
                    written += 1
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
        if let found = candidates.first(where: RegularFile.exists) { return found }
        throw DataError(
            .inputOutput, path: path,
            "the labels of these images are missing: neither \(candidates[0]) nor \(candidates[1]) exists; put the file of labels beside that of the images"
        )
    }
}
