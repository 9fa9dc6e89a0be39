internal import Foundation
import ImageData
import TestSupport
import Testing

/// Which files a folder or a list names; the files themselves are not opened.
@Suite struct PhotographListingTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    private func put(_ names: String...) throws { for name in names { try folder.write([1], as: name) } }

    @Test func classesAreNumberedByTheBytesOfTheirNames() throws {
        try put("b/2.jpg", "b/10.jpg", "B/x.PNG", "é/1.jpg", "a b/1.jpg", "b/sub/0.jpg", "b/sub-a/1.jpg")
        let listing = try PhotographListing(classFolders: folder.path)
        #expect(listing.classNames == ["B", "a b", "b", "é"] && listing.hasNamedClasses)
        // As os.walk gives them, sorted: the files of a folder, then those of the folders in it.
        #expect(
            listing.entries.map(\.path) == [
                "B/x.PNG", "a b/1.jpg", "b/10.jpg", "b/2.jpg", "b/sub/0.jpg", "b/sub-a/1.jpg", "é/1.jpg",
            ])
        #expect(listing.entries.map(\.label) == [0, 1, 2, 2, 2, 2, 3])
        #expect(listing.notes.isEmpty && listing.root == folder.path)
    }

    @Test func dotsAndFilesBesideTheClassesAreLeftOut() throws {
        try put("a/1.jpg", "a/._1.jpg", ".git/x.jpg", "a/.hidden/2.jpg", "readme.txt")
        let listing = try PhotographListing(classFolders: folder.path)
        #expect(listing.entries.map(\.path) == ["a/1.jpg"])
        #expect(listing.notes.count == 2)
        #expect(listing.notes[0].contains("3 files and folders that begin with a dot"))
        #expect(listing.notes[1].contains("1 files beside"))
    }

    @Test func linksAreFollowed() throws {
        try put("elsewhere/1.jpg", "data/a/0.jpg")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/data/b", withDestinationPath: "../elsewhere")
        let listing = try PhotographListing(classFolders: folder.path + "/data")
        #expect(listing.entries.map(\.path) == ["a/0.jpg", "b/1.jpg"])
    }

    @Test func aCircleOfLinksEnds() throws {
        try put("a/0.jpg")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/a/again", withDestinationPath: "..")
        let error = #expect(throws: DataError.self) { try PhotographListing(classFolders: folder.path) }
        #expect(error?.exitCode == 65 && error?.detail.contains("circle") == true)
    }

    @Test func foldersWithoutClassesAreErrors() throws {
        let empty = #expect(throws: DataError.self) { try PhotographListing(classFolders: folder.path) }
        #expect(empty?.detail.contains("empty folder") == true && empty?.exitCode == 65)
        try put("1.jpg", "2.jpg")
        let flat = #expect(throws: DataError.self) { try PhotographListing(classFolders: folder.path) }
        #expect(flat?.detail.contains("2 files and no folder") == true)
        try put("a/1.jpg", "b/.hidden")
        let emptyClass = #expect(throws: DataError.self) { try PhotographListing(classFolders: folder.path) }
        #expect(emptyClass?.path.hasSuffix("/b") == true && emptyClass?.exitCode == 65)
        let missing = #expect(throws: DataError.self) {
            try PhotographListing(classFolders: folder.path + "/nowhere")
        }
        #expect(missing?.exitCode == 74 && missing?.detail.contains("No such file") == true)
    }

    private func list(_ text: String) throws -> PhotographListing {
        try PhotographListing(listFile: folder.write(Array(text.utf8), as: "list.txt"))
    }

    @Test func pathsOfAListMayHoldSpaces() throws {
        let listing = try list("a b/c d.jpg 3\r\n/x/y.jpg   0\n\n# a comment\nz.jpg 1 \n")
        #expect(listing.entries.map(\.path) == ["a b/c d.jpg", "/x/y.jpg", "z.jpg"])
        #expect(listing.entries.map(\.label) == [3, 0, 1] && listing.entries.allSatisfy { $0.group == nil })
        #expect(listing.classNames == ["0", "1", "2", "3"] && !listing.hasNamedClasses)
        #expect(listing.location(listing.entries[0]) == folder.path + "/a b/c d.jpg")
        #expect(listing.location(listing.entries[1]) == "/x/y.jpg")
    }

    /// A list that is named without a folder lies where the program was started, and so do its images.
    @Test func pathsOfAListBeginInItsFolder() {
        #expect(PhotographListing.path("a/1.jpg", in: "") == "a/1.jpg")
        #expect(PhotographListing.path("a/1.jpg", in: "b") == "b/a/1.jpg")
        for folder in ["", "b", "/b"] {
            #expect(PhotographListing.path("/a/1.jpg", in: folder) == "/a/1.jpg")
        }
    }

    @Test func labelsOfAListMayBeNames() throws {
        let listing = try list("1.jpg dog\n2.jpg cat\n3.jpg 7\n4.jpg dog")
        #expect(listing.classNames == ["7", "cat", "dog"] && listing.hasNamedClasses)
        #expect(listing.entries.map(\.label) == [2, 1, 0, 2])
    }

    @Test func aThirdColumnIsTheGroup() throws {
        try put("a b.jpg")
        let spaces = try list("a b.jpg 0 patient-1\nc.jpg 1 patient-2\n")
        #expect(spaces.entries.map(\.path) == ["a b.jpg", "c.jpg"])
        #expect(spaces.entries.map(\.group) == ["patient-1", "patient-2"])
        let tabs = try list("d 5.jpg\tbig dog\tp 1\ne.jpg\tcat\tp 2\n")
        #expect(tabs.entries.map(\.path) == ["d 5.jpg", "e.jpg"])
        #expect(tabs.classNames == ["big dog", "cat"] && tabs.entries.map(\.group) == ["p 1", "p 2"])
        // Without such a file on the disk two columns are meant.
        #expect(try list("q r.jpg 0\n").entries == [.init(path: "q r.jpg", label: 0, group: nil)])
    }

    @Test(arguments: [
        ("1.jpg", "line 1"), ("1.jpg 0\nlonely\n", "line 2"), ("1.jpg 0\n2.jpg -1", "line 2: label -1"),
        ("1.jpg 20261126", "line 1: label 20261126"), ("", "is empty"), ("a\tb\n\tc\n", "line 2"),
    ])
    func wrongLinesAreNamed(text: String, problem: String) throws {
        let error = #expect(throws: DataError.self) { try list(text) }
        #expect(
            error?.detail.contains(problem) == true && error?.exitCode == 65, "\(String(describing: error))")
    }

    @Test func aListIsUTF8() throws {
        let path = try folder.write([0x61, 0xE9, 0x2E, 0x6A, 0x20, 0x30], as: "latin1.txt")
        let error = #expect(throws: DataError.self) { try PhotographListing(listFile: path) }
        #expect(error?.detail.contains("UTF-8") == true)
    }

    /// Some editors put a byte order mark first; Windows ends lines otherwise.
    @Test func marksAndLineEndsAreNoPartOfPaths() throws {
        #expect(try list("\u{FEFF}a.jpg 0\r\nb.jpg 1\r\n").entries.map(\.path) == ["a.jpg", "b.jpg"])
    }

    /// The system would take the path up to the zero byte.
    @Test func zeroBytesAreNoText() throws {
        let path = try folder.write(Array("a.jpg 0\nb.jpg\0c 1\n".utf8), as: "zero.txt")
        let error = #expect(throws: DataError.self) { try PhotographListing(listFile: path) }
        #expect(error?.detail.contains("zero byte, the first at byte 13") == true && error?.exitCode == 65)
    }

    @Test func longLinesAreShownInPart() throws {
        let long = "\u{1B}[2J" + String(repeating: "e\u{301}", count: 1_000_000)
        let path = try folder.write(Array(long.utf8), as: "long.txt")
        let error = #expect(throws: DataError.self) { try PhotographListing(listFile: path) }
        let message = error?.description ?? ""
        #expect(message.contains("line 1") && message.utf8.count < 1000 && !message.contains("\u{1B}"))
    }

    /// Names in Latin-1, as old archives leave them: none is left out in silence.
    @Test func namesThatAreNoTextAreCountedAndShown() throws {
        try put("a/1.jpg")
        for name in ["caf\u{E9}.jpg", "\u{FC}.jpg"] {
            let path = Array("\(folder.path)/a/".utf8) + name.unicodeScalars.map { UInt8($0.value) } + [0]
            let descriptor = open(path.map { CChar(bitPattern: $0) }, O_CREAT | O_WRONLY, 0o600)
            #expect(descriptor >= 0)
            close(descriptor)
        }
        let error = #expect(throws: DataError.self) { try PhotographListing(classFolders: folder.path) }
        #expect(error?.exitCode == 65 && error?.path == folder.path + "/a")
        #expect(
            error?.detail.contains("2 names that are not UTF-8, the first 'caf\\xE9.jpg'") == true,
            "\(String(describing: error))")
        // A character that stands for broken text elsewhere is one like any other in a name.
        try put("other/b/\u{FFFD}.jpg")
        #expect(
            try PhotographListing(classFolders: folder.path + "/other").entries.map(\.path) == [
                "b/\u{FFFD}.jpg"
            ])
    }

    @Test func listsAreRecognized() throws {
        func recognizes(_ text: String) throws -> Bool {
            try PhotographListing.recognizesList(folder.write(Array(text.utf8), as: "x"))
        }
        #expect(try recognizes("# split\na.jpg 0\n") && recognizes("a b c"))
        #expect(try !recognizes("") && !recognizes("one") && !recognizes("a\0 b"))
    }
}
