internal import Foundation
import ImageData
import TestSupport
import Testing

/// Tar shards as WebDataset names them.
@Suite struct TarShardTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    private static func picture(_ name: String) throws -> [UInt8] {
        try contents(fixture("photographs/" + name))
    }

    private func open(_ path: String) throws -> PhotographDataset {
        try #require(try DatasetFile.open(path: path) as? PhotographDataset)
    }

    /// The message that an archive is refused with.
    private func refusal(_ bytes: [UInt8]) throws -> DataError? {
        let path = try folder.write(bytes, as: "s.tar")
        let error = #expect(throws: DataError.self) {
            _ = try Subset.training(of: DatasetFile.open(path: path)).fingerprint
        }
        if let error { #expect(error.path == path && error.exitCode == 65, "\(error)") }
        return error
    }

    // MARK: What others write

    /// Archives of Python's `tarfile` in its three formats: long names in each one's way, names beyond ASCII, fractions of
    /// seconds, a folder.
    @Test(arguments: ["pax", "gnu", "ustar"])
    func archivesOfPythonAreRead(format: String) throws {
        let set = try open(fixture("shards/\(format).tar"))
        let long =
            format == "ustar"
            ? "folder-\(String(repeating: "x", count: 40))/\(String(repeating: "z", count: 90))"
            : "folder-\(String(repeating: "x", count: 40))/\(String(repeating: "y", count: 60))/"
                + String(repeating: "z", count: 90)
        let names =
            ["folder/000000.jpg", "000001.PNG", long + ".jpeg"] + (format == "ustar" ? [] : ["été.jpg"])
        #expect((0..<set.count).map { set.identifier($0) } == names.map { "\(format).tar/\($0)" })
        #expect((0..<set.count).map { set.label($0) } == Array([1, 0, 2, 1].prefix(names.count)))
        #expect(set.classNames == ["0", "1", "2"] && !set.hasNamedClasses)
        #expect(set.notes.count == 1 && set.notes[0].contains("left out 1 members"))
        for index in 0..<set.count {
            var image = PixelImage()
            try set.decode(index, .all, into: &image)
            #expect(image.size == ImageSize(height: 6, width: 8 + index))
            #expect(try set.size(index) == image.size)
        }
        #expect(set.location(0).contains("\(format).tar, member 'folder/000000.jpg' at byte "))
    }

    @Test func membersHaveThePixelsOfTheirFiles() throws {
        let archive = TarArchive(samples: [
            ("a", try Self.picture("rgb.jpg"), 0), ("b", try Self.picture("palette.png"), 3),
        ])
        let set = try open(folder.write(archive.ended, as: "s.tar"))
        for (index, name) in ["rgb.jpg", "palette.png"].enumerated() {
            var (image, expected) = (PixelImage(), PixelImage())
            try set.decode(index, .all, into: &image)
            try PhotographDecoder.decode(
                fixture("photographs/" + name), appliesOrientation: false, into: &expected)
            #expect(difference(image, expected) == nil)
        }
        #expect(set.classCount == 4 && set.commonSize == nil)
        let classes = #expect(throws: DataError.self) { try Subset.training(of: set) }
        #expect(classes?.detail.contains("class 1 has no training sample") == true)
    }

    // MARK: Which shards

    /// One sample a shard, whose label is the shard's number.
    private func shards(_ names: String...) throws {
        for (label, name) in names.enumerated() {
            let archive = TarArchive(samples: [("k", try Self.picture("grey.jpg"), label)])
            try folder.write(archive.ended, as: name)
        }
    }

    @Test func shardsAreNamedByRangesFoldersAndLists() throws {
        try shards("d/t-08.tar", "d/t-09.tar", "d/t-10.tar")
        try folder.write(
            Array("# shards\nd/t-{08..09}.tar\n\(folder.path)/d/t-10.tar\r\n".utf8), as: "list.txt")
        let fingerprints = try ["d/t-{08..10}.tar", "d", "list.txt"].map { name in
            let set = try open(folder.path + "/" + name)
            #expect((0..<3).map { set.label($0) } == [0, 1, 2])
            #expect(
                (0..<3).map { set.identifier($0) } == ["t-08.tar/k.jpg", "t-09.tar/k.jpg", "t-10.tar/k.jpg"])
            return set.fingerprint
        }
        #expect(Set(fingerprints).count == 1)
        #expect(try open(folder.path + "/d/t-{08..09}.tar").fingerprint != fingerprints[0])
        // A folder of class folders stays one.
        try folder.write(Self.picture("rgb.jpg"), as: "d/cats/1.jpg")
        #expect(try open(folder.path + "/d").classNames == ["cats"])
    }

    @Test func severalRangesAreAllPairs() throws {
        try shards("a-0/7.tar", "a-0/8.tar", "a-1/7.tar", "a-1/8.tar")
        let set = try open(folder.path + "/a-{0..1}/{7..8}.tar")
        #expect((0..<4).map { set.label($0) } == [0, 1, 2, 3])
    }

    @Test(arguments: [
        ("t-{a..b}.tar", 64, "range of numbers"), ("t-{3..1}.tar", 64, "range of numbers"),
        ("t-{1..2.tar", 64, "range of numbers"), ("t-{0..999999999}.tar", 64, "range of numbers"),
        ("t-{0..9999}-{0..9999}.tar", 64, "more than 100000"), ("t-{0..1}.tar", 74, "No such file"),
        ("absent.tar", 74, "No such file"),
    ])
    func namesOfNoShardsAreExplained(name: String, code: Int32, problem: String) throws {
        let error = #expect(throws: DataError.self) { try open(folder.path + "/" + name) }
        #expect(
            error?.exitCode == code && error?.detail.contains(problem) == true, "\(String(describing: error))"
        )
    }

    @Test func aListHoldsNothingElse() throws {
        try shards("0.tar")
        let path = try folder.write(Array("0.tar\npicture.jpg 3\n".utf8), as: "list.txt")
        let error = #expect(throws: DataError.self) { try open(path) }
        #expect(error?.exitCode == 65 && error?.detail.contains("found 'picture.jpg 3'") == true)
    }

    // MARK: What is wrong

    @Test func samplesAreWhole() throws {
        let picture = try Self.picture("grey.jpg")
        var archive = TarArchive(samples: [("a", picture, 0)])
        archive.add("b.jpg", picture)
        // The header of b comes behind two members.
        let place = archive.bytes.count - 512 - (picture.count + 511) / 512 * 512
        #expect(
            try refusal(archive.ended)?.detail
                == "member 'b.jpg' at byte \(place) has no class: 'b.cls' is missing")
        var lonely = TarArchive(samples: [("a", picture, 0)])
        lonely.add("c.cls", [0x30])
        #expect(try refusal(lonely.ended)?.detail.contains("'c' at byte") == true)
        var second = TarArchive(samples: [("a", picture, 0)])
        second.add("a.png", picture)
        #expect(try refusal(second.ended)?.detail.contains("'a.png' at byte") == true)
        var class2 = TarArchive(samples: [("a", picture, 0)])
        class2.add("a.cls", [0x31])
        #expect(try refusal(class2.ended)?.detail.contains("is a second class of its sample") == true)
        #expect(try refusal(TarArchive().ended)?.detail.contains("holds no sample") == true)
    }

    @Test(arguments: [
        ("", "expected a class in decimal"), ("cat", "holds 'cat'"), ("-1", "class -1; expected 0 to"),
        ("1000000", "class 1000000; expected 0 to"), ("1 2", "holds '1 2'"), ("+1", "holds '+1'"),
        ("99999999999999999999", "expected a class in decimal"),
        (String(repeating: " ", count: 40), "has 40 bytes"),
    ])
    func classesAreNumbers(text: String, problem: String) throws {
        var archive = TarArchive()
        archive.add("a.jpg", try Self.picture("grey.jpg"))
        archive.add("a.cls", Array(text.utf8))
        let error = try refusal(archive.ended)
        #expect(error?.detail.contains(problem) == true, "\(String(describing: error))")
        #expect(
            error?.detail.contains("member 'a.cls' at byte 12800") == true, "\(String(describing: error))")
    }

    @Test func archivesThatWereCutOffAreRefused() throws {
        let whole = TarArchive(samples: [("a", try Self.picture("grey.jpg"), 0)])
        for count in [0, 100, 512, 600, 12000, 12800, whole.bytes.count - 500, whole.bytes.count] {
            let error = try refusal(Array(whole.bytes.prefix(count)))
            #expect(error?.detail.contains("cut off") == true, "\(count): \(String(describing: error))")
        }
        let joined = try refusal(whole.ended + whole.ended)
        #expect(joined?.detail.contains("shards are joined by listing them") == true)
    }

    /// Fields of a size that is none, and what is said of them.
    private static let badSizes: [(field: [UInt8], problem: String)] = {
        let ones = [UInt8](repeating: 0xFF, count: 11)
        let texts: [(String, String)] = [
            ("-0000000001\0", "its size is '-0000000001', not an octal number"),
            ("00000000009\0", "not an octal number"),
            ("            ", "not an octal number"),
            ("77777777777\0", "are there: the shard was cut off"),
        ]
        let numbers: [([UInt8], String)] = [
            ([0xFF] + ones, "its size is negative"),
            ([0x80] + ones, "larger than any file"),
            ([0x80, 0, 0, 0, 0x7F] + ones.prefix(7), "are there: the shard was cut off"),
        ]
        return texts.map { (Array($0.utf8), $1) } + numbers
    }()

    @Test(arguments: badSizes)
    func sizesAreChecked(field: [UInt8], problem: String) throws {
        var archive = TarArchive()
        archive.add("a.jpg", [1, 2, 3], size: field)
        let error = try refusal(archive.ended)
        #expect(
            error?.detail.hasPrefix("member at byte 0: ") == true && error?.detail.contains(problem) == true,
            "\(String(describing: error))")
    }

    /// From 8 GiB on sizes are in base 256, and smaller ones may be.
    @Test func sizesInBase256AreRead() throws {
        let picture = try Self.picture("grey.jpg")
        var archive = TarArchive()
        archive.add(
            "a.jpg", picture,
            size: [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0] + [UInt8(picture.count >> 8), UInt8(picture.count & 255)])
        archive.add("a.cls", [0x30])
        #expect(try open(folder.write(archive.ended, as: "s.tar")).count == 1)
    }

    @Test(arguments: [
        ("1", "link to another member"), ("2", "symbolic link"), ("3", "device"), ("6", "pipe"),
        ("S", "sparse"),
        ("V", "unknown type 86"),
    ])
    func whatIsNoFileIsRefused(type: String, problem: String) throws {
        var archive = TarArchive()
        archive.add("../../etc/passwd", [], type: Character(type))
        #expect(try refusal(archive.ended)?.detail.contains(problem) == true)
    }

    @Test func headersAreVerified() throws {
        var bytes = TarArchive(samples: [("a", try Self.picture("grey.jpg"), 0)]).ended
        bytes[3] ^= 1
        #expect(try refusal(bytes)?.detail.contains("the checksum of its header is") == true)
    }

    @Test(arguments: [
        ("9 path=", "damaged"), ("99 path=a\n", "damaged"), ("0 path=a\n", "damaged"),
        ("11 path~ab\n", "damaged"),
        ("-5 path=a\n", "damaged"), ("12 size=-12\n", "not a number"), ("21 GNU.sparse.major=1\n", "damaged"),
        ("22 GNU.sparse.major=1\n", "sparse"), ("14 size=99999\n", "are there"),
        ("28 size=9223372036854775807\n", "are there"),
    ])
    func extendedHeadersAreChecked(records: String, problem: String) throws {
        var archive = TarArchive()
        archive.add("x", Array(records.utf8), type: "x")
        archive.add("a.jpg", [1])
        let error = try refusal(archive.ended)
        #expect(error?.detail.contains(problem) == true, "\(String(describing: error))")
    }

    /// A name is a name: no file is opened by it.
    @Test func namesLeadNowhere() throws {
        let picture = try Self.picture("grey.jpg")
        let archive = TarArchive(samples: [
            ("../../../../etc/x\u{1B}[2J", picture, 0), ("/absolute", picture, 1),
        ])
        let set = try open(folder.write(archive.ended, as: "s.tar"))
        var image = PixelImage()
        for index in 0..<2 { try set.decode(index, .all, into: &image) }
        #expect(!set.location(0).contains("\u{1B}"))
    }

    @Test func aDamagedPictureIsNamed() throws {
        let archive = TarArchive(samples: [
            ("a", try Self.picture("grey.jpg"), 0), ("b", Array("no picture".utf8), 1),
        ])
        let set = try open(folder.write(archive.ended, as: "s.tar"))
        var image = PixelImage()
        let error = #expect(throws: DataError.self) { try set.decode(1, .all, into: &image) }
        #expect(
            error?.exitCode == 65 && error?.path.contains("s.tar, member 'b.jpg' at byte 13824") == true,
            "\(String(describing: error))")
        #expect(set.failures(decoding: 0..<2, threads: 2).map(\.index) == [1])
        let left = set.leavingOut([1])
        #expect(left.count == 1)
        try left.decode(0, .all, into: &image)
    }

    @Test func aShardThatChangesIsAnError() throws {
        let archive = TarArchive(samples: [("a", try Self.picture("grey.jpg"), 0)])
        let path = try folder.write(archive.ended, as: "s.tar")
        let set = try open(path)
        try folder.write(archive.ended + [0], as: "s.tar")
        var image = PixelImage()
        let error = #expect(throws: DataError.self) { try set.decode(0, .all, into: &image) }
        #expect(error?.exitCode == 65 && error?.detail.contains("when it was opened") == true)
    }
}
