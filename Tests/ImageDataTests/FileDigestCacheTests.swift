internal import Foundation
import ImageData
import ModelFiles
import Synchronization
import TestSupport
import Testing

@Suite struct FileDigestCacheTests {
    private let data: ScratchFolder
    private let run: ScratchFolder
    private let file: String
    private var index: String { run.path + "/data-index.json" }

    /// SHA-256 of "abc", from FIPS 180-2.
    private static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    private static let other = String(repeating: "0", count: 64)

    init() throws {
        (data, run) = (try ScratchFolder(), try ScratchFolder())
        file = try data.write(Array("abc".utf8), as: "file")
    }

    private func cache() -> FileDigestCache {
        FileDigestCache(inFolder: run.path) { Issue.record("notice: \($0)") }
    }

    /// Hashes the file, saves, and puts another hash into the saved entry, by which a hit is known.
    private func saveFalsified() throws {
        let cache = cache()
        #expect(try cache.digest(ofFile: file).description == Self.abc)
        try cache.save()
        let text = try String(contentsOfFile: index, encoding: .utf8)
        #expect(text.contains(Self.abc))
        try text.replacingOccurrences(of: Self.abc, with: Self.other).write(
            toFile: index, atomically: true, encoding: .utf8)
    }

    private func digest() throws -> String { try cache().digest(ofFile: file).description }

    @Test func aKnownFileIsNotRead() throws {
        try saveFalsified()
        #expect(try digest() == Self.other)
        // From another name of the same place, and by a link.
        try FileManager.default.createSymbolicLink(atPath: run.path + "/link", withDestinationPath: file)
        #expect(try cache().digest(ofFile: run.path + "/link").description == Self.other)
        #expect(try cache().digest(ofFile: data.path + "/./file").description == Self.other)
    }

    @Test func anotherTimeCounts() throws {
        try saveFalsified()
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        let date = try #require(attributes[.modificationDate] as? Date)
        try FileManager.default.setAttributes(
            [.modificationDate: date.addingTimeInterval(0.001)], ofItemAtPath: file)
        #expect(try digest() == Self.abc)
    }

    @Test func anotherSizeCounts() throws {
        try saveFalsified()
        var before = stat()
        #expect(stat(file, &before) == 0)
        let handle = try #require(FileHandle(forWritingAtPath: file))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("d".utf8))
        try handle.close()
        try setTime(before)
        // SHA-256 of "abcd".
        #expect(try digest() == "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589")
    }

    @Test func anotherFileOfTheSameTimeAndSizeCounts() throws {
        try saveFalsified()
        var before = stat()
        #expect(stat(file, &before) == 0)
        let copy = try data.write(Array("abc".utf8), as: "copy")
        #expect(rename(copy, file) == 0)
        try setTime(before)
        #expect(try digest() == Self.abc)
    }

    /// Gives the file the modification time of another status, to the nanosecond.
    private func setTime(_ status: stat) throws {
        let times = [status.st_atim, status.st_mtim]
        #expect(utimensat(AT_FDCWD, file, times, 0) == 0)
        var after = stat()
        #expect(stat(file, &after) == 0 && after.st_mtim.tv_nsec == status.st_mtim.tv_nsec)
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{\"format\": 1}", "{\"format\": 2, \"files\": []}",
        "{\"format\": 1, \"files\": [{\"path\": \"/x\", \"bytes\": 1, \"modified\": 1, \"inode\": 1, "
            + "\"device\": 1, \"sha256\": \"short\"}]}",
        "{\"format\": 1, \"files\": [{\"path\": \"/x\", \"bytes\": 1, \"modified\": 1, \"inode\": -1, "
            + "\"device\": 1, \"sha256\": \"\(other)\"}]}",
    ])
    func aDamagedIndexIsMadeAnew(text: String) throws {
        try run.write(Array(text.utf8), as: "data-index.json")
        let notices = Mutex<[String]>([])
        let cache = FileDigestCache(inFolder: run.path) { notice in notices.withLock { $0.append(notice) } }
        #expect(notices.withLock { $0.count } == 1)
        #expect(notices.withLock { $0[0].hasPrefix(index) && $0[0].contains("hashed again") })
        #expect(try cache.digest(ofFile: file).description == Self.abc)
        try cache.save()
        #expect(try digest() == Self.abc)
    }

    @Test func aPipeInPlaceOfTheIndexIsNotRead() throws {
        #expect(mkfifo(index, 0o600) == 0)
        let notices = Mutex(0)
        let cache = FileDigestCache(inFolder: run.path) { _ in notices.withLock { $0 += 1 } }
        #expect(notices.withLock { $0 } == 1)
        #expect(try cache.digest(ofFile: file).description == Self.abc)
    }

    /// Neither where the run has no folder yet, nor where it has one.
    @Test func nothingIsWrittenBesideTheData() throws {
        let images = try data.write(idx([2, 1, 1], [3, 4]), as: "x-images")
        try data.write(idx([2], [0, 1]), as: "x-labels")
        let before = try FileManager.default.contentsOfDirectory(atPath: data.path).sorted()
        let cache = cache()
        let first = try DatasetFile.open(path: images, options: DatasetOptions(digests: cache))
        #expect(try FileManager.default.contentsOfDirectory(atPath: run.path).isEmpty)
        try cache.save()
        #expect(try FileManager.default.contentsOfDirectory(atPath: run.path) == ["data-index.json"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: data.path).sorted() == before)
        let text = try String(contentsOfFile: index, encoding: .utf8)
        #expect(text.contains("/x-images\"") && text.contains("/x-labels\""))
        // What the run knows, and what a rank without an index finds out, are the same.
        let again = try DatasetFile.open(path: images, options: DatasetOptions(digests: self.cache()))
        let without = try DatasetFile.open(path: images)
        #expect(again.fingerprint == first.fingerprint && without.fingerprint == first.fingerprint)
    }

    /// A data set takes the hashes of its files from the index.
    @Test func dataSetsUseTheIndex() throws {
        let images = try data.write(idx([2, 1, 1], [3, 4]), as: "x-images")
        try data.write(idx([2], [0, 1]), as: "x-labels")
        let first = cache()
        let fingerprint = try DatasetFile.open(path: images, options: DatasetOptions(digests: first))
            .fingerprint
        try first.save()
        var text = try String(contentsOfFile: index, encoding: .utf8)
        let digest = try FileDigest(ofFile: images).description
        text = text.replacingOccurrences(of: digest, with: Self.other)
        try text.write(toFile: index, atomically: true, encoding: .utf8)
        #expect(
            try DatasetFile.open(path: images, options: DatasetOptions(digests: cache())).fingerprint
                != fingerprint)
    }

    @Test func filesThatAreNoLongerUsedAreForgotten() throws {
        try saveFalsified()
        let another = try data.write(Array("d".utf8), as: "another")
        let cache = cache()
        _ = try cache.digest(ofFile: another)
        try cache.save()
        let text = try String(contentsOfFile: index, encoding: .utf8)
        #expect(text.contains("/another\"") && !text.contains("/file\""))
    }

    @Test func filesThatCannotBeReadAreErrors() throws {
        let error = #expect(throws: DataError.self) { try cache().digest(ofFile: data.path + "/missing") }
        #expect(error?.kind == .inputOutput && error?.path == data.path + "/missing")
    }
}
