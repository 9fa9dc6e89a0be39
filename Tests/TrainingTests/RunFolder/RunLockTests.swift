internal import Foundation
import TestSupport
import Testing
import Training

/// One run at a time writes into a folder.
@Suite struct RunLockTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ballast-test-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path + "/run")
    }

    private func lock(_ folder: String) throws -> RunLock { try RunLock(directory: folder) { _ in } }

    @Test func theSecondIsToldWhoHasIt() throws {
        try withFolder { folder in
            let first = try lock(folder)
            let error = #expect(throws: RunDirectoryError.self) { try lock(folder) }
            #expect(error?.exitCode == 64)
            #expect(
                error?.description.contains("another run writes there (process \(getpid()) on host ") == true)
            withExtendedLifetime(first) {}
        }
    }

    @Test func itIsFreeAgainAfterwards() throws {
        try withFolder { folder in
            for _ in 0..<2 {
                let held = try lock(folder)
                #expect(FileManager.default.fileExists(atPath: folder + "/.lock"))
                withExtendedLifetime(held) {}
            }
            // Where nothing was written there was no run.
            #expect(!FileManager.default.fileExists(atPath: folder))
        }
    }

    @Test func whatAKilledRunLeftIsTakenOver() throws {
        try withFolder { folder in
            try makeFolder(folder)
            try replace(folder + "/.lock", with: Array("process 1 on host elsewhere".utf8))
            let held = try lock(folder)
            #expect(
                String(decoding: try contents(folder + "/.lock"), as: UTF8.self)
                    .hasPrefix("process \(getpid()) on host "))
            withExtendedLifetime(held) {}
        }
    }

    @Test(arguments: ["notes.txt", ".lock"])
    func whatNoRunMadeStays(name: String) throws {
        try withFolder { folder in
            try makeFolder(folder)
            try replace(folder + "/" + name, with: Array("precious".utf8))
            let error = #expect(throws: RunDirectoryError.self) { try lock(folder) }
            #expect(error?.exitCode == 64 && error?.description.contains(name) == true)
            #expect(try contents(folder + "/" + name) == Array("precious".utf8))
        }
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        try withFolder { folder in
            try makeFolder((folder as NSString).deletingLastPathComponent)
            try replace(folder, with: [1])
            let error = #expect(throws: RunDirectoryError.self) { try lock(folder) }
            #expect(error?.exitCode == 74 && error?.description.contains(folder) == true)
        }
    }
}
