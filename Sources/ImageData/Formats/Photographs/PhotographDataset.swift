public import ModelFiles

/// Photographs, JPEG or PNG files each with a class: a folder of class folders, or a list.
///
/// Opening looks at the beginning of every file, for its size, and at all of it for its hash. A file that cannot be
/// used becomes one of `failures`; who opens the data set decides whether that is an error.
public struct PhotographDataset: ImageDataset, PixelSource {
    /// The folder or the list.
    public let path: String
    /// A name for each class.
    public let classNames: [String]
    /// Whether the names stand in the data.
    public let hasNamedClasses: Bool
    /// Files that are no photographs or cannot be read, by their index; empty after `leavingOut`.
    public let failures: [PhotographFailure]
    /// What was left out, and what was noticed.
    public let notes: [String]

    let listing: PhotographListing
    let entries: [PhotographListing.Entry]
    private let examined: [ExaminedPhotograph?]
    private let appliesOrientation: Bool
    private let cacheBytes: Int
    private let cache: DecodedImageCache?

    /// Opens a folder of class folders, or a list.
    ///
    /// - Throws: `DataError` where the folder or the list cannot be read, or names no classes.
    init(
        contentsOf path: String, _ listing: PhotographListing, options: DatasetOptions
    ) throws(DataError) {
        let locations = listing.entries.map(listing.location)
        let results = ExaminedPhotograph.examine(locations, options)
        var failures: [PhotographFailure] = []
        for (index, result) in results.enumerated() {
            if case .failure(let error) = result {
                failures.append(PhotographFailure(index: index, error: error))
            }
        }
        self.init(
            path, listing, listing.entries, results.map { try? $0.get() }, failures,
            options.appliesOrientation,
            options.cacheBytes)
    }

    private init(
        _ path: String, _ listing: PhotographListing, _ entries: [PhotographListing.Entry],
        _ examined: [ExaminedPhotograph?], _ failures: [PhotographFailure], _ appliesOrientation: Bool,
        _ cacheBytes: Int
    ) {
        (self.path, self.listing, self.entries, self.examined) = (path, listing, entries, examined)
        (classNames, hasNamedClasses) = (listing.classNames, listing.hasNamedClasses)
        (self.failures, self.appliesOrientation, self.cacheBytes) = (failures, appliesOrientation, cacheBytes)
        cache = cacheBytes > 0 ? DecodedImageCache(limit: cacheBytes) : nil
        let sizes = Set(examined.map { $0?.size })
        commonSize = sizes.count == 1 ? sizes.first ?? nil : nil
        let turned = examined.count { ($0?.orientation ?? .upright) != .upright }
        notes =
            listing.notes
            + (turned == 0 || appliesOrientation
                ? []
                : [
                    "\(path): \(turned) images have an EXIF orientation, which is not applied; set "
                        + "data.apply-exif-orientation: true to turn them"
                ])
    }

    /// The data set without some of its files: what a folder without them would be.
    public func leavingOut(_ indices: Set<Int>) -> PhotographDataset {
        let kept = entries.indices.filter { !indices.contains($0) }
        let position = Dictionary(uniqueKeysWithValues: zip(kept, kept.indices))
        return PhotographDataset(
            path, listing, kept.map { entries[$0] }, kept.map { examined[$0] },
            failures.compactMap { failure in
                position[failure.index].map { PhotographFailure(index: $0, error: failure.error) }
            }, appliesOrientation, cacheBytes)
    }

    /// Number of photographs.
    public var count: Int { entries.count }
    /// Number of classes.
    public var classCount: Int { classNames.count }
    /// Photographs of three channels.
    public var content: ImageContent { .pixels(self) }
    /// The size of every photograph, where all have the same.
    public let commonSize: ImageSize?

    /// A summary of contents, classes and order. Where files lie and what they are called makes no difference.
    public var fingerprint: UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.add("photographs")
        fingerprint.add(appliesOrientation ? 1 : 0)
        for name in classNames { fingerprint.add(name) }
        for (entry, examined) in zip(entries, examined) {
            fingerprint.add([entry.label])
            fingerprint.add(examined?.digest.description ?? "")
            if let group = entry.group { fingerprint.add(group) }
        }
        return fingerprint.value
    }

    /// The class of a photograph.
    public func label(_ index: Int) -> Int { entries[index].label }
    /// Its path, as the folder or the list has it.
    public func identifier(_ index: Int) -> String { entries[index].path }
    /// What it must not be divided from.
    public func group(_ index: Int) -> String? { entries[index].group }
    /// The hash of its file.
    public func digest(_ index: Int) -> FileDigest? { examined[index]?.digest }
    /// Where its file lies.
    public func location(_ index: Int) -> String { listing.location(entries[index]) }

    /// Height and width, as the beginning of the file says.
    public func size(_ index: Int) throws(DataError) -> ImageSize { try examination(index).size }

    /// Decodes a photograph or a part of it. The end of a file behind the part is not looked at.
    public func decode(
        _ index: Int, _ request: PixelRequest, into image: inout PixelImage
    ) throws(DataError) {
        guard let cache else { return try read(index, request, into: &image) }
        guard let kept = cache.image(index) else {
            try read(index, .all, into: &image)
            cache.keep(image, for: index)
            if let region = request.region {
                var part = PixelImage()
                image.copy(region, to: &part)
                image = part
            }
            return
        }
        kept.copy(request.region ?? PixelRegion(all: kept.size), to: &image)
    }

    func read(
        _ index: Int, _ request: PixelRequest, into image: inout PixelImage
    ) throws(DataError) {
        let size = try examination(index).size
        let location = location(index)
        try PhotographDecoder.decode(location, request, appliesOrientation: appliesOrientation, into: &image)
        guard request.region != nil || image.size == size else {
            throw DataError(
                .format, path: location,
                "has \(image.size) pixels and had \(size) when it was opened; do not change files while they are used"
            )
        }
    }

    private func examination(_ index: Int) throws(DataError) -> ExaminedPhotograph {
        if let examined = examined[index] { return examined }
        if let failure = failures.first(where: { $0.index == index }) { throw failure.error }
        throw DataError(.format, path: location(index), "was not examined")
    }
}

/// A file of a data set that cannot be used.
public struct PhotographFailure: Sendable, Equatable {
    /// Its index in the data set.
    public let index: Int
    /// Why.
    public let error: DataError

    /// A failure from its parts.
    public init(index: Int, error: DataError) { (self.index, self.error) = (index, error) }
}
