internal import Foundation
import Testing
import Training

/// A write that fails leaves what was there before, and says why it failed.
@Suite struct WriteFailureTests {
    /// Lets each call of a write fail in turn, whichever it is, until the write gets through.
    private func failEachCall(
        with code: Int32, cannotExchange: Bool = false, replacing: Bool = false
    ) throws -> [String] {
        var failed: [String] = []
        for number in 0..<1000 {
            let scratch = try Scratch()
            defer { scratch.remove() }
            let before = try scratch.store()
            try before.write(example(step: 1))
            if replacing { try before.write(example(step: 2, variant: 0.25)) }
            let counted = CountedCalls { names in
                names.count == number + 1 ? code : cannotExchange && names.last == "exchange" ? ENOSYS : nil
            }
            let store = try scratch.store(calls: counted.calls)
            let thrown: CheckpointError?
            do {
                try store.write(example(step: 2))
                thrown = nil
            } catch { thrown = try #require(error as? CheckpointError) }
            let checkpoint = try store.newestGood().checkpoint
            let after = try scratch.names()
            guard counted.names.count > number else {
                #expect(thrown == nil)
                try expectExample(checkpoint, step: 2)
                return failed
            }
            guard let thrown else {
                // A folder that was flushed may be closed badly: nothing is lost.
                #expect(counted.names[number] == "close" && counted.names[number - 1] == "flush")
                try expectExample(checkpoint, step: 2)
                continue
            }
            failed.append(counted.names[number])
            #expect(thrown.errorNumber == code && thrown.exitCode == 74, "\(thrown)")
            #expect(thrown.description.contains(String(cString: strerror(code))))
            #expect(thrown.path.hasPrefix(scratch.directory))
            // The one thing that can fail after the rename is to flush the folder, and so to open it.
            let placed =
                counted.names[..<number].contains("rename") && !cannotExchange
                || counted.names[..<number].filter { $0 == "rename" }.count == 3
            let new = placed && ["openDirectory", "flush"].contains(counted.names[number])
            #expect(after.allSatisfy { !$0.hasPrefix(".staging") }, "call \(number) left \(after)")
            if replacing {
                try expectExample(checkpoint, step: 2, variant: new ? 0 : 0.25)
            } else {
                try expectExample(checkpoint, step: new ? 2 : 1)
            }
        }
        Issue.record("the write never got through")
        return failed
    }

    @Test(arguments: [ENOSPC, EIO, EACCES, EROFS, EDQUOT])
    func everyCall(code: Int32) throws {
        let failed = try failEachCall(with: code)
        #expect(
            Set(failed) == ["makeDirectory", "create", "write", "flush", "close", "openDirectory", "rename"])
        #expect(failed.count >= 17)
    }

    @Test func everyCallWhileReplacing() throws {
        #expect(try failEachCall(with: EIO, replacing: true).contains("exchange"))
        let failed = try failEachCall(with: EIO, cannotExchange: true, replacing: true)
        #expect(failed.filter { $0 == "rename" }.count == 3)
    }

    @Test func aFullDevice() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        var calls = SystemCalls.system
        calls.create = { _ in Int(open("/dev/full", O_WRONLY | O_CLOEXEC)) }
        let error = #expect(throws: CheckpointError.self) {
            try scratch.store(calls: calls).write(example(step: 1))
        }
        #expect(error?.errorNumber == ENOSPC)
        let text = try #require(error?.description)
        #expect(text.contains("/model.safetensors: cannot write byte 0 of "), "\(text)")
        #expect(text.contains("No space left on device. Free space on that disk"), "\(text)")
        #expect(try scratch.names() == [])
    }

    @Test func aFileWhereAFolderBelongs() throws {
        for place in ["/runs", "/runs/example", "/runs/example/checkpoints"] {
            let scratch = try Scratch()
            defer { scratch.remove() }
            try makeFolder((scratch.path + place as NSString).deletingLastPathComponent)
            try replace(scratch.path + place, with: [1])
            let error = #expect(throws: CheckpointError.self) {
                try scratch.store().write(example(step: 1))
            }
            #expect(error?.errorNumber == ENOTDIR && error?.exitCode == 74, "\(place)")
            #expect(error?.description.contains("A part of this path is a file") == true)
        }
    }

    @Test func aNameThatIsTooLong() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = CheckpointStore(
            directory: scratch.path + "/" + String(repeating: "x", count: 300), keep: 1,
            ballastVersion: "")
        let error = #expect(throws: CheckpointError.self) { try store.write(example(step: 1)) }
        #expect(error?.errorNumber == ENAMETOOLONG)
    }

    /// Every other call is interrupted by a signal, every write takes at most 1000 bytes.
    @Test func interruptionsAndShortWrites() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let counted = CountedCalls { $0.count % 2 == 1 ? EINTR : nil }
        var calls = counted.calls
        let write = calls.write
        calls.write = { write($0, UnsafeRawBufferPointer(rebasing: $1.prefix(1000))) }
        for variant in [Float(0), 0.75] {
            try scratch.store(calls: calls).write(example(step: 4, variant: variant))
            try expectExample(try scratch.store().newestGood().checkpoint, step: 4, variant: variant)
        }
        #expect(counted.names.filter { $0 == "write" }.count > 40)
    }

    @Test func aWriteThatTakesNothingEnds() throws {
        var calls = SystemCalls.system
        calls.write = { _, _ in 0 }
        let scratch = try Scratch()
        defer { scratch.remove() }
        let error = #expect(throws: CheckpointError.self) {
            try scratch.store(calls: calls).write(example(step: 4))
        }
        #expect(error?.problem.contains("takes no more bytes") == true)
    }

    /// Files, then their folder, are on the disk before the rename, and the rename is before the end.
    @Test func theOrderOfCalls() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.store().write(example(step: 1))
        let counted = CountedCalls()
        try scratch.store(calls: counted.calls).write(example(step: 2))
        let names = counted.names
        let rename = try #require(names.firstIndex(of: "rename"))
        let lastWrite = try #require(names.lastIndex(of: "write"))
        #expect(
            Array(names[(lastWrite + 1)..<rename]) == [
                "flush", "flush", "flush", "close", "close", "close", "openDirectory", "flush", "close",
            ])
        #expect(Array(names[(rename + 1)...]) == ["openDirectory", "flush", "close"])
    }

    @Test func folderThatCannotBeFlushedBecauseThereIsNoSuchCall() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let folders = CountedCalls()
        var calls = folders.calls
        calls.openDirectory = { _ in 1_000_000 }
        calls.flush = { $0 == 1_000_000 ? -Int(EINVAL) : SystemCalls.system.flush($0) }
        try scratch.store(calls: calls).write(example(step: 2))
        try expectExample(try scratch.store().newestGood().checkpoint, step: 2)
    }
}
