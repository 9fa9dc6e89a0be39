internal import ModelFiles

extension PhotographDataset {
    /// Adds the listing, what was found out about each file, and what cannot be used.
    func pack(into bytes: inout PackedBytes) {
        bytes.add(path)
        bytes.add(listing.root)
        bytes.add(listing.classNames)
        bytes.add(listing.hasNamedClasses)
        bytes.add(listing.notes)
        bytes.add(listing.shards.count)
        for shard in listing.shards {
            bytes.add(shard.path)
            bytes.add(shard.byteCount)
        }
        bytes.add(entries.count)
        for (entry, examined) in zip(entries, examined) {
            bytes.add(entry)
            bytes.add(examined != nil)
            if let examined { bytes.add(examined) }
        }
        bytes.add(failures.count)
        for failure in failures {
            bytes.add(failure.index)
            bytes.add(Int(failure.error.kind.rawValue))
            bytes.add(failure.error.path)
            bytes.add(failure.error.detail)
        }
    }

    /// A data set that was packed.
    init(unpacking bytes: inout PackedBytesReader, _ options: DatasetOptions) {
        let (path, root) = (bytes.text(), bytes.text())
        let (classNames, hasNamedClasses, notes) = (bytes.texts(), bytes.flag(), bytes.texts())
        let shards = bytes.items { PhotographListing.Shard(path: $0.text(), byteCount: $0.number()) }
        let all = bytes.items { bytes in
            (entry: bytes.entry(), examined: bytes.flag() ? bytes.examinedPhotograph() : nil)
        }
        let failures = bytes.items { bytes in
            let (index, kind) = (bytes.number(), DataError.Kind(rawValue: UInt8(bytes.number())) ?? .format)
            return PhotographFailure(
                index: index, error: DataError(kind, path: bytes.text(), bytes.text()))
        }
        let entries = all.map(\.entry)
        self.init(
            path,
            PhotographListing(
                root: root, entries: entries, classNames: classNames, hasNamedClasses: hasNamedClasses,
                notes: notes, shards: shards),
            entries, all.map(\.examined), failures, options, isReceived: true)
    }
}

extension PackedBytes {
    fileprivate mutating func add(_ entry: PhotographListing.Entry) {
        add(entry.path)
        add(entry.label)
        add(entry.group)
        add(entry.member != nil)
        if let member = entry.member {
            add(member.shard)
            add(member.offset)
            add(member.byteCount)
        }
    }

    fileprivate mutating func add(_ examined: ExaminedPhotograph) {
        add(examined.size.height)
        add(examined.size.width)
        add(examined.orientation.rawValue)
        add(examined.byteCount)
        add(examined.digest.description)
    }
}

extension PackedBytesReader {
    fileprivate mutating func entry() -> PhotographListing.Entry {
        PhotographListing.Entry(
            path: text(), label: number(), group: optionalText(),
            member: flag()
                ? PhotographListing.Member(shard: number(), offset: number(), byteCount: number()) : nil)
    }

    fileprivate mutating func examinedPhotograph() -> ExaminedPhotograph? {
        let size = ImageSize(height: number(), width: number())
        let (orientation, byteCount) = (ImageOrientation(rawValue: number()) ?? .upright, number())
        return FileDigest(hexadecimal: text()).map {
            ExaminedPhotograph(size: size, orientation: orientation, digest: $0, byteCount: byteCount)
        }
    }
}
