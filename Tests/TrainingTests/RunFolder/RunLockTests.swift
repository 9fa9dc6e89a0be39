internal import Foundation
import TestSupport
import Testing
import Training

/// One run at a time writes into a folder.
@Suite struct RunLockTests {
    private func withFolder(
        _ body: (String) throws -> Void, after: (String) throws -> Void = { _ in }
    ) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ballast-test-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path + "/run")
        try after(path + "/run")
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

    /// Where nothing was written there was no run; but the folder is whose it was.
    @Test func anEmptyFolderThatWasThereStays() throws {
        try withFolder { folder in
            try makeFolder(folder)
            let held = try lock(folder)
            withExtendedLifetime(held) {}
        } after: { folder in
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(names.isEmpty)
        }
    }

    private func makeRun(_ folder: String) throws {
        try makeFolder(folder)
        try replace(folder + "/config.yaml", with: Array("# ballast test\n# hosts: here\n".utf8))
    }

    /// Parts of files go whose process is gone; the first process of a system never is.
    @Test func partsOfAKilledProcessAreRemoved() throws {
        try withFolder { folder in
            try makeRun(folder)
            let gone = Int32.max
            let parts = ["model.safetensors.partial-\(gone)", "metrics.jsonl.partial-\(getpid())"]
            let others = ["model.json.partial-1", "config.yaml"]
            for name in parts + [others[0], ".ballast-write-check-\(gone)"] {
                try replace(folder + "/" + name, with: [1])
            }
            let held = try lock(folder)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
                    == ([".lock"] + others).sorted())
            withExtendedLifetime(held) {}
        }
    }

    /// Old checkpoints are removed; what lies behind a link is not this run's, and notes are whose they are.
    @Test func linksAmongCheckpointsAreRefused() throws {
        try withFolder { folder in
            let manager = FileManager.default
            let other = (folder as NSString).deletingLastPathComponent + "/other"
            for step in [other + "/step-00000001", folder + "/checkpoints/step-00000002"] {
                try makeFolder(step)
                try replace(step + "/state.safetensors", with: [1])
            }
            try makeRun(folder)
            func expectRefusal(of name: String) {
                let error = #expect(throws: RunDirectoryError.self) { try lock(folder) }
                #expect(error?.exitCode == 64 && error?.description.contains(name) == true, "\(error as Any)")
            }
            withExtendedLifetime(try lock(folder)) {}
            let link = folder + "/checkpoints/step-00000001"
            try manager.createSymbolicLink(atPath: link, withDestinationPath: other + "/step-00000001")
            expectRefusal(of: "checkpoints/step-00000001 (a link)")
            try remove(link)
            try replace(folder + "/checkpoints/step-00000002/notes.txt", with: [1])
            expectRefusal(of: "checkpoints/step-00000002/notes.txt")
            try remove(folder + "/checkpoints")
            try manager.createSymbolicLink(atPath: folder + "/checkpoints", withDestinationPath: other)
            expectRefusal(of: "checkpoints (a link)")
            #expect(exists(other + "/step-00000001/state.safetensors"))
        }
    }

    @Test func aLinkThatLeadsNowhereIsSaid() throws {
        try withFolder { folder in
            try makeFolder((folder as NSString).deletingLastPathComponent)
            try FileManager.default.createSymbolicLink(atPath: folder, withDestinationPath: "nowhere")
            let error = #expect(throws: RunDirectoryError.self) { try lock(folder) }
            #expect(error?.exitCode == 74 && error?.description.contains("a link that leads nowhere") == true)
        }
    }

    @Test func aFileInThePlaceOfTheFolderIsSaid() throws {
        try withFolder { folder in
            try makeFolder((folder as NSString).deletingLastPathComponent)
            try Data("mine".utf8).write(to: URL(fileURLWithPath: folder))
            let error = #expect(throws: RunDirectoryError.self) { try lock(folder) }
            #expect(
                error?.exitCode == 74 && error?.description.contains("it is a file, not a folder") == true)
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
