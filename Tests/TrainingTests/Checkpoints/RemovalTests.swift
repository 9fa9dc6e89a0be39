import Testing
import Training

/// Old checkpoints go, good ones stay.
@Suite struct RemovalTests {
    private func steps(
        _ written: [Int], keep: Int, keepingAlso alsoKept: Set<Int> = [], damaging damaged: [Int] = []
    ) throws -> (left: [Int], removed: [Int]) {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try scratch.store(keep: keep)
        var last: WrittenCheckpoint?
        for step in written { last = try store.write(example(step: step)) }
        for step in damaged { try replace(scratch.file("position.bin", step: step), with: []) }
        let removed = try store.prune(after: try #require(last), keepingAlso: alsoKept)
        let left = try store.steps()
        #expect(try scratch.names().count == left.count, "nothing else is left")
        return (left, removed)
    }

    @Test func keepsTheNewest() throws {
        let (left, removed) = try steps([1, 2, 3, 4, 5], keep: 2)
        #expect(left == [4, 5] && removed == [1, 2, 3])
        #expect(try steps([1, 2], keep: 3).left == [1, 2])
        #expect(try steps([1, 2, 3], keep: 1).left == [3])
    }

    @Test func keepsTheBest() throws {
        #expect(try steps([1, 2, 3, 4, 5], keep: 2, keepingAlso: [2, 9]).left == [2, 4, 5])
        #expect(try steps([1, 2, 3], keep: 2, keepingAlso: [3]).left == [2, 3])
    }

    @Test func damagedOnesDoNotCount() throws {
        #expect(try steps([1, 2, 3, 4, 5], keep: 2, damaging: [4, 3]).left == [2, 5])
        #expect(try steps([1, 2, 3], keep: 2, damaging: [1, 2]).left == [3])
    }

    /// After a resume from an older checkpoint the one just written is not the newest.
    @Test func neverRemovesTheOneJustWritten() throws {
        let (left, removed) = try steps([100, 200, 300, 400, 150], keep: 1)
        #expect(left == [150, 200, 300, 400] && removed == [100])
    }

    @Test func movesStepsThatAreUndone() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try scratch.store()
        for step in [100, 200, 300] { try store.write(example(step: step)) }
        let aside = scratch.path + "/runs/example.1/checkpoints"
        #expect(try store.moveNewer(than: 100, to: aside) == [200, 300])
        #expect(try scratch.names() == ["step-00000100"])
        for step in [200, 300] {
            try expectExample(CheckpointStore.open("\(aside)/step-00000\(step)"), step: step)
        }
        #expect(try store.moveNewer(than: 100, to: scratch.path + "/unused") == [])
        #expect(!exists(scratch.path + "/unused"))
        try expectExample(try store.newestGood().checkpoint, step: 100)
    }

    /// The folder of the run may be a disk of its own.
    @Test func movesStepsToAnotherDisk() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for step in [100, 200] { try scratch.store().write(example(step: step)) }
        var calls = SystemCalls.system
        calls.rename = { _, _ in -18 }  // EXDEV
        let aside = scratch.path + "/aside"
        #expect(try scratch.store(calls: calls).moveNewer(than: 100, to: aside) == [200])
        #expect(try scratch.names() == ["step-00000100"])
        try expectExample(CheckpointStore.open(aside + "/step-00000200"), step: 200)
    }

    /// The name goes before the first file does.
    @Test func aCheckpointThatCannotBeRenamedStaysWhole() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for step in 1...2 { try scratch.store().write(example(step: step)) }
        let last = try scratch.store().write(example(step: 3))
        let counted = CountedCalls { $0.last == "rename" ? 5 : nil }
        let failing = try scratch.store(keep: 1, calls: counted.calls)
        let error = #expect(throws: CheckpointError.self) { try failing.prune(after: last) }
        #expect(error?.errorNumber == 5 && error?.exitCode == 74)
        for step in 1...3 {
            try expectExample(CheckpointStore.open(failing.path(ofStep: step)), step: step)
        }
    }

    @Test func cleansUpAfterAnEarlierProcess() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try scratch.store()
        try store.write(example(step: 3))
        let stale = [
            ".removed-step-00000001-17", ".replaced-step-00000003-17", ".staging-step-00000004-1",
            ".staging-step-00000004-99999",
        ]
        for name in stale {
            try makeFolder(scratch.directory + "/" + name)
            try replace(scratch.directory + "/" + name + "/model.safetensors", with: [1, 2, 3])
        }
        for name in [".git", ".staging-step-4-17", ".staging-notes"] {
            try makeFolder(scratch.directory + "/" + name)
        }
        #expect(store.cleanStaging() == stale)
        #expect(try scratch.names() == [".git", ".staging-notes", ".staging-step-4-17", "step-00000003"])
        try expectExample(try store.newestGood().checkpoint, step: 3)
        #expect(store.cleanStaging() == [])
    }

    /// The process ended between the two renames of a file system that cannot exchange.
    @Test func putsBackWhatWasBeingReplaced() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try scratch.store()
        try store.write(example(step: 3))
        let aside = scratch.directory + "/.replaced-step-00000003-17"
        #expect(SystemCalls.system.rename(store.path(ofStep: 3), aside) == 0)
        #expect(try store.newestGood().checkpoint == nil)
        #expect(store.cleanStaging() == [".replaced-step-00000003-17"])
        try expectExample(try store.newestGood().checkpoint, step: 3)
    }

    @Test func aFolderThatIsNoneIsNeverFatal() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try makeFolder(scratch.path + "/runs/example")
        try replace(scratch.directory, with: [1])
        #expect(try scratch.store().cleanStaging() == [])
    }
}
