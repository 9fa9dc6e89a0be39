public import ModelFiles

/// Photographs, JPEG or PNG, each with a class: a folder of class folders, a list, or tar shards.
///
/// Opening looks at the beginning of every file, for its size, and at all of it for its hash. A file that cannot be
/// used becomes one of `failures`; who opens the data set decides whether that is an error. Of shards it reads the
/// headers alone, so that a picture in one that cannot be used is found out when it is decoded.
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
    let examined: [ExaminedPhotograph?]
    /// Whether another process listed the files, which may see other ones than this does.
    let isReceived: Bool
    private let options: DatasetOptions
    private let cache: DecodedImageCache?
    private let openShards = OpenShards()

    /// Opens a folder of class folders, or a list; of shards, which `listing` has read, nothing more is read.
    init(contentsOf path: String, _ listing: PhotographListing, options: DatasetOptions) {
        let isOfFiles = listing.shards.isEmpty
        let results =
            isOfFiles ? ExaminedPhotograph.examine(listing.entries.map(listing.location), options) : []
        var failures: [PhotographFailure] = []
        for (index, result) in results.enumerated() {
            if case .failure(let error) = result {
                failures.append(PhotographFailure(index: index, error: error))
            }
        }
        let examined =
            isOfFiles ? results.map { try? $0.get() } : Array(repeating: nil, count: listing.entries.count)
        self.init(path, listing, listing.entries, examined, failures, options)
    }

    init(
        _ path: String, _ listing: PhotographListing, _ entries: [PhotographListing.Entry],
        _ examined: [ExaminedPhotograph?], _ failures: [PhotographFailure], _ options: DatasetOptions,
        isReceived: Bool = false
    ) {
        (self.path, self.listing, self.entries, self.examined) = (path, listing, entries, examined)
        (classNames, hasNamedClasses) = (listing.classNames, listing.hasNamedClasses)
        (self.failures, self.options, self.isReceived) = (failures, options, isReceived)
        cache = options.cacheBytes > 0 ? DecodedImageCache(limit: options.cacheBytes) : nil
        let sizes = Set(examined.map { $0?.size })
        commonSize = sizes.count == 1 ? sizes.first ?? nil : nil
        let turned = examined.count { ($0?.orientation ?? .upright) != .upright }
        notes =
            listing.notes
            + (turned == 0 || options.appliesOrientation
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
            }, options, isReceived: isReceived)
    }

    /// Number of photographs.
    public var count: Int { entries.count }
    /// Number of classes.
    public var classCount: Int { classNames.count }
    /// Photographs of three channels.
    public var content: ImageContent { .pixels(self) }
    /// The size of every photograph, where all have the same.
    public let commonSize: ImageSize?

    /// A summary of contents, classes and order. Where files lie and what they are called makes no difference. The
    /// contents of a shard count by the names and sizes of its pictures.
    public var fingerprint: UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.add("photographs")
        fingerprint.add(options.appliesOrientation ? 1 : 0)
        for name in classNames { fingerprint.add(name) }
        for (entry, examined) in zip(entries, examined) {
            fingerprint.add([entry.label])
            if let member = entry.member {
                fingerprint.add(entry.path)
                fingerprint.add([member.byteCount])
            } else {
                fingerprint.add(examined?.digest.description ?? "")
            }
            if let group = entry.group { fingerprint.add(group) }
        }
        return fingerprint.value
    }

    /// The class of a photograph.
    public func label(_ index: Int) -> Int { entries[index].label }
    /// Its path, as the folder or the list has it; of a member of a shard the name of the file and its own.
    public func identifier(_ index: Int) -> String { listing.identifier(entries[index]) }
    /// What it must not be divided from.
    public func group(_ index: Int) -> String? { entries[index].group }
    /// The hash of its file; nil of a member of a shard.
    public func digest(_ index: Int) -> FileDigest? { examined[index]?.digest }
    /// Where its file lies; of a member of a shard with its name and place there.
    public func location(_ index: Int) -> String { listing.place(entries[index]) }

    /// Height and width, as the beginning of the file says.
    public func size(_ index: Int) throws(DataError) -> ImageSize {
        if let examined = try examination(index) { return examined.size }
        return try PhotographHeader(part(index)).size(appliesOrientation: options.appliesOrientation)
    }

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
        let examined = try examination(index)
        try PhotographDecoder.decode(
            part(index), request, appliesOrientation: options.appliesOrientation, into: &image)
        guard let size = examined?.size, request == .all, image.size != size else { return }
        throw DataError(
            .format, path: location(index),
            "has \(image.size) pixels and had \(size) when it was opened; \(advice)")
    }

    /// What is known of a file; nil of a member of a shard, of which nothing was read yet.
    private func examination(_ index: Int) throws(DataError) -> ExaminedPhotograph? {
        if let examined = examined[index] { return examined }
        if let failure = failures.first(where: { $0.index == index }) { throw failure.error }
        return nil
    }

    /// The bytes of a photograph.
    private func part(_ index: Int) throws(DataError) -> FilePart {
        let entry = entries[index]
        guard let member = entry.member else {
            return FilePart(try open(listing.location(entry), examined[index]?.byteCount))
        }
        let shard = listing.shards[member.shard]
        let file = try openShards.file(member.shard) { () throws(DataError) in
            try open(shard.path, shard.byteCount)
        }
        return FilePart(file, start: member.offset, count: member.byteCount, path: location(index))
    }

    /// Opens a file, which must be as large as it was when it was listed.
    private func open(_ path: String, _ expected: Int?) throws(DataError) -> RegularFile {
        let file: RegularFile
        do throws(DataError) {
            file = try RegularFile(path)
        } catch {
            throw isReceived ? DataError(error.kind, path: path, "\(error.detail); \(advice)") : error
        }
        guard let expected, file.identity.bytes != expected else { return file }
        throw DataError(
            .changed, path: path,
            "has \(file.identity.bytes) bytes and had \(expected) when it was opened\(isReceived ? " by the first rank" : ""); "
                + advice)
    }

    /// Whether an error says that this process sees other files than the one that listed them.
    package func isOfAnotherHost(_ error: DataError) -> Bool {
        isReceived && (error.kind == .changed || error.kind == .inputOutput)
    }

    /// What to do about a file that is another than was listed.
    private var advice: String {
        isReceived
            ? "does this host see the same files? data.local: true is for hosts that have files of their own, and "
                + "compares them before the first step"
            : "do not change files while they are used"
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
