internal import ModelFiles

extension PhotographListing {
    /// Reads the headers of tar shards, which are named and grouped as WebDataset does: a sample is the members of a
    /// shard whose names are the same up to the first dot of their last part, `KEY.jpg`, `KEY.jpeg` or `KEY.png` with the
    /// picture and `KEY.cls` with its class, a number from 0 on in decimal. Other members, such as `KEY.json`, are left out.
    ///
    /// Samples come in the order of the shards, and in a shard in that of their first members.
    ///
    /// - Parameters:
    ///   - path: What the user named, for messages.
    ///   - shards: The archives.
    /// - Throws: `DataError` with shard, member and byte: where a shard cannot be read, is cut off or damaged; where a
    ///   sample lacks picture or class, or has one twice; where a class is not a number below a million.
    init(shards paths: [String], of path: String) throws(DataError) {
        var (shards, entries, otherCount) = ([Shard](), [Entry](), 0)
        for (number, shard) in paths.enumerated() {
            let file = try RegularFile(shard)
            shards.append(Shard(path: shard, byteCount: Int(clamping: file.identity.bytes)))
            let contents = try ShardContents(file)
            otherCount += contents.otherCount
            entries += try contents.entries(shard: number)
        }
        guard let largest = entries.lazy.map(\.label).max() else {
            throw DataError(
                .selection, path: path, "holds no sample; expected members KEY.jpg or KEY.png with KEY.cls")
        }
        let notes =
            otherCount == 0
            ? [] : ["\(path): left out \(otherCount) members of shards that are neither pictures nor classes"]
        self.init(
            root: ".", entries: entries, classNames: (0...largest).map { String($0) }, hasNamedClasses: false,
            notes: notes, shards: shards)
    }
}

/// The samples of one shard.
private struct ShardContents {
    private struct Sample {
        let key: String
        var picture: TarFile.Member?
        var label: Int?
        /// Where its first member begins.
        let headerOffset: Int
    }

    /// Members that are left out.
    private(set) var otherCount = 0

    private let path: String
    private var samples: [Sample] = []
    private var places: [String: Int] = [:]

    /// Labels may be no larger: a mistaken number would ask for so many classes.
    private static let greatestClassCount = 1_000_000
    /// A class in decimal, with spaces around it, is shorter.
    private static let largestClass = 32
    /// Names in which pictures end.
    private static let pictures: Set<String> = ["jpg", "jpeg", "png"]

    init(_ file: RegularFile) throws(DataError) {
        path = file.path
        var archive = TarFile(file)
        while let member = try archive.next() {
            guard let (key, kind) = Self.split(member.name) else {
                otherCount += 1
                continue
            }
            if kind == "cls" {
                let place = place(of: key, member)
                guard samples[place].label == nil else {
                    throw problem(member, "is a second class of its sample")
                }
                samples[place].label = try label(member, in: file)
            } else if Self.pictures.contains(kind) {
                let place = place(of: key, member)
                guard samples[place].picture == nil else {
                    throw problem(member, "is a second picture of its sample")
                }
                samples[place].picture = member
            } else {
                otherCount += 1
            }
        }
    }

    /// The samples, each with a picture and a class.
    func entries(shard: Int) throws(DataError) -> [PhotographListing.Entry] {
        try samples.map { sample throws(DataError) in
            guard let picture = sample.picture else {
                throw problem(
                    sample.key, sample.headerOffset, "has a class and no picture (.jpg, .jpeg, .png)")
            }
            guard let label = sample.label else {
                throw problem(
                    picture.name, picture.headerOffset,
                    "has no class: '\((sample.key + ".cls").excerpt)' is missing")
            }
            return PhotographListing.Entry(
                path: picture.name, label: label,
                member: PhotographListing.Member(
                    shard: shard, offset: picture.offset, byteCount: picture.byteCount))
        }
    }

    /// The place of a sample among all, which one of its members was found of.
    private mutating func place(of key: String, _ member: TarFile.Member) -> Int {
        if let place = places[key] { return place }
        places[key] = samples.count
        samples.append(Sample(key: key, headerOffset: member.headerOffset))
        return samples.count - 1
    }

    private func label(_ member: TarFile.Member, in file: RegularFile) throws(DataError) -> Int {
        guard member.byteCount <= Self.largestClass else {
            throw problem(member, "has \(member.byteCount) bytes; expected a class in decimal")
        }
        let text = String(
            decoding: try file.read(member.byteCount, at: member.offset), as: UTF8.self)
        let trimmed = text.split(whereSeparator: \.isWhitespace)
        guard trimmed.count == 1, let label = Int(trimmed[0]), trimmed[0].utf8.first != UInt8(ascii: "+")
        else {
            throw problem(member, "holds '\(text.excerpt)'; expected a class in decimal")
        }
        guard (0..<Self.greatestClassCount).contains(label) else {
            throw DataError(
                .label, path: path,
                Self.place(member.name, member.headerOffset)
                    + " holds class \(label); expected 0 to \(Self.greatestClassCount - 1)")
        }
        return label
    }

    private func problem(_ member: TarFile.Member, _ detail: String) -> DataError {
        problem(member.name, member.headerOffset, detail)
    }

    private func problem(_ name: String, _ offset: Int, _ detail: String) -> DataError {
        DataError(.format, path: path, "\(Self.place(name, offset)) \(detail)")
    }

    private static func place(_ name: String, _ offset: Int) -> String {
        "member '\(name.excerpt)' at byte \(offset)"
    }

    /// What members of a sample have in common, and what tells them apart, in lower case; nil where nothing does.
    private static func split(_ name: String) -> (key: String, kind: String)? {
        let start =
            name.utf8.lastIndex(of: UInt8(ascii: "/")).map { name.utf8.index(after: $0) } ?? name.startIndex
        guard let dot = name.utf8[start...].firstIndex(of: UInt8(ascii: ".")), dot != start else {
            return nil
        }
        return (String(name[..<dot]), name[name.utf8.index(after: dot)...].lowercased())
    }
}
