internal import Foundation
import ModelFiles
import TestSupport
import Testing

/// Results go where the user meant them to.
@Suite struct OutputFileTests {
    private func link(_ folder: ScratchFolder, _ name: String, to target: String) throws -> String {
        let path = folder.path + "/" + name
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        return path
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// Only told apart here: what would replace a device by mistake must not be tried on one.
    @Test func devicesAreWrittenInto() throws {
        let folder = try ScratchFolder()
        #expect(OutputFile.way(named: "/dev/null") == .into("/dev/null"))
        let toDevice = try link(folder, "device", to: "/dev/null")
        #expect(OutputFile.way(named: toDevice) == .into(toDevice))
    }

    @Test func linksStandForWhatTheyLeadTo() throws {
        let folder = try ScratchFolder()
        let file = folder.path + "/file"
        try OutputFile.write([65], named: file)
        #expect(OutputFile.way(named: file) == .replacing(file))
        #expect(OutputFile.way(named: folder.path) == .replacing(folder.path))
        let chain = try link(folder, "chain", to: try link(folder, "link", to: "file"))
        try OutputFile.write([66], named: chain)
        #expect(try text(file) == "B" && folder.names == ["chain", "file", "link"])
        let toNothing = try link(folder, "to-nothing", to: "nothing")
        #expect(OutputFile.way(named: toNothing) == .replacing(folder.path + "/nothing"))
        try OutputFile.write([67], named: toNothing)
        #expect(try text(folder.path + "/nothing") == "C")
        let circle = try link(folder, "circle", to: "circle")
        let error = #expect(throws: OutputFileError.self) { try OutputFile.write([68], named: circle) }
        #expect(error?.exitCode == 74)
    }

    /// What no user named is replaced, and where it leads stays as it is.
    @Test func otherLinksAreReplaced() throws {
        let folder = try ScratchFolder()
        let file = folder.path + "/file"
        try OutputFile.replace(file, with: [65])
        let link = try link(folder, "link", to: "file")
        try OutputFile.replace(link, with: [66])
        #expect(try text(file) == "A" && text(link) == "B")
        // Nor does what lies in the way of the file that is renamed matter.
        let staged = try self.link(folder, "new.partial-\(getpid())", to: "file")
        try OutputFile.replace(folder.path + "/new", with: [67])
        #expect(try text(file) == "A" && text(folder.path + "/new") == "C")
        #expect(try !folder.names.contains((staged as NSString).lastPathComponent))
    }

    @Test func aPipeWhoseReaderHasGoneIsAnError() throws {
        let folder = try ScratchFolder()
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(OutputFile.way(named: pipe) == .into(pipe))
        let reader = open(pipe, O_RDONLY | O_NONBLOCK)
        // More than a pipe holds: the writer waits until the reader goes.
        let closing = Thread {
            Thread.sleep(forTimeInterval: 0.2)
            close(reader)
        }
        closing.start()
        let error = #expect(throws: OutputFileError.self) {
            try OutputFile.write([UInt8](repeating: 1, count: 1 << 20), named: pipe)
        }
        #expect(error?.detail.contains("Broken pipe") == true)
        #expect(try folder.names == ["pipe"])
    }
}
