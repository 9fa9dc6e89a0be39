internal import Foundation
import ModelFiles
import TestSupport
import Testing

@Suite struct SmallFileTests {
    private func problem(_ path: String, limit: Int = 100, takesStreams: Bool = false) -> SmallFile.Problem? {
        do {
            _ = try SmallFile.read(path, limit: limit, takesStreams: takesStreams)
            return nil
        } catch {
            return error
        }
    }

    @Test func filesAreReadUpToTheLimit() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let path = try folder.write([1, 2, 3], as: "file")
        #expect(try SmallFile.read(path, limit: 3).bytes == [1, 2, 3])
        #expect(problem(path, limit: 2) == .tooLarge(limit: 2))
        #expect(problem(folder.path + "/other") == .missing)
        #expect(problem(folder.path) == .ofAnotherKind("a folder"))
    }

    /// Nobody writes into the pipe: opened without care, it would be waited for without end.
    @Test func pipesAndDevicesDoNotHang() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let pipe = folder.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        #expect(problem(pipe) == .ofAnotherKind("a pipe or a device, not a regular file"))
        #expect(try SmallFile.read(pipe, limit: 100, takesStreams: true).bytes == [])
        #expect(problem("/dev/zero", takesStreams: true) == .tooLarge(limit: 100))
        #expect(try SmallFile.read("/dev/null", limit: 100, takesStreams: true).isStream)
    }

    /// What stands in a pipe is read to its end.
    @Test func pipesAreRead() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("a: 1\n".utf8))
        try pipe.fileHandleForWriting.close()
        let path = "/proc/self/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        let (bytes, isStream) = try SmallFile.read(path, limit: 100, takesStreams: true)
        #expect(bytes == Array("a: 1\n".utf8) && isStream)
    }

    @Test func hashesAreThoseOfRegularFiles() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let bytes = (0..<10_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let path = try folder.write(bytes, as: "file")
        #expect(try FileDigest(ofFile: path) == SHA256.digest(of: bytes))
        #expect(throws: (any Error).self) { try FileDigest(ofFile: "/dev/zero") }
        #expect(throws: (any Error).self) { try FileDigest(ofFile: folder.path) }
    }
}
