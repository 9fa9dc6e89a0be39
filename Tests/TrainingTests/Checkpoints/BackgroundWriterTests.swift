internal import Dispatch
import ModelFiles
import Tensors
import Testing
import Training

/// Writing in the background: in order, one at a time, and no outcome is lost.
@Suite struct BackgroundWriterTests {
    /// Calls whose writes wait at a gate.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        let counted = CountedCalls()

        var calls: SystemCalls {
            var calls = counted.calls
            let write = calls.write
            calls.write = { [semaphore] in
                semaphore.wait()
                semaphore.signal()
                return write($0, $1)
            }
            return calls
        }

        /// Lets everything through from now on.
        func open() { semaphore.signal() }
    }

    @Test func writesInOrderAndPrunes() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let writer = BackgroundWriter(try scratch.store(keep: 2))
        for step in 1...5 { writer.submit(example(step: step), keepingAlso: [2]) }
        let outcomes = try writer.finish()
        #expect(outcomes.map(\.step) == [1, 2, 3, 4, 5])
        #expect(try outcomes.map { try $0.pruned.get() } == [[], [], [1], [], [3]])
        for outcome in outcomes {
            let written = try outcome.written.get()
            #expect(written.step == outcome.step && outcome.seconds >= written.seconds && written.seconds > 0)
        }
        #expect(try scratch.store().steps() == [2, 4, 5])
        #expect(writer.takeResult() == nil)
        #expect(try writer.finish().isEmpty)
    }

    @Test func trainingGoesOnMeanwhileButTheNextOneWaits() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let gate = Gate()
        let writer = BackgroundWriter(try scratch.store(calls: gate.calls))
        writer.submit(example(step: 1))
        #expect(writer.takeResult() == nil)
        let submitted = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            writer.submit(example(step: 2))
            submitted.signal()
        }
        let early = submitted.wait(timeout: .now() + 0.2) == .success
        #expect(!early)
        #expect(try scratch.store().steps() == [])
        gate.open()
        #expect(early || submitted.wait(timeout: .now() + 60) == .success)
        #expect(writer.takeResult()?.step == 1)
        #expect(try writer.finish().map(\.step) == [2])
        try expectExample(try scratch.store().newestGood().checkpoint, step: 2)
    }

    /// Whoever waits for a disk that hangs learns for what, and is not kept for ever.
    @Test func waitingEnds() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let gate = Gate()
        let writer = BackgroundWriter(try scratch.store(calls: gate.calls))
        #expect(writer.pending == nil && writer.waitUntilIdle(seconds: 0))
        writer.submit(example(step: 3))
        #expect(writer.pending?.step == 3 && !writer.waitUntilIdle(seconds: 0.05))
        #expect((writer.pending?.seconds ?? 0) >= 0.05)
        gate.open()
        #expect(writer.waitUntilIdle(seconds: 60) && writer.pending == nil)
        try expectExample(try scratch.store().newestGood().checkpoint, step: 3)
    }

    /// A better model takes the file's name while the one before is still to be written.
    @Test func writesTheFileThatWasThere() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let gate = Gate()
        let writer = BackgroundWriter(try scratch.store(calls: gate.calls))
        let (path, next) = (scratch.path + "/model", scratch.path + "/next")
        try replace(path, with: [1, 2, 3])
        var contents = CheckpointContents(step: 1, worldSize: 1)
        contents.add("first.bin", bytes: [1])
        try contents.add("model.safetensors", copyOfFile: path)
        writer.submit(contents)
        try replace(next, with: [4])
        #expect(SystemCalls.system.rename(next, path) == 0)
        gate.open()
        try writer.finish()
        let checkpoint = try #require(try scratch.store().newestGood().checkpoint)
        #expect(try checkpoint.bytes("model.safetensors") == [1, 2, 3])
        let error = #expect(throws: CheckpointError.self) {
            try contents.add("other", copyOfFile: scratch.path + "/absent")
        }
        #expect(error?.exitCode == 74 && error?.description.contains("No such file or directory") == true)
    }

    /// The tensors change while they are being written, as in training.
    @Test func writesTheCopyNotWhatBecameOfIt() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let gate = Gate()
        let writer = BackgroundWriter(try scratch.store(calls: gate.calls))
        let weight = Tensor([2, 3], [1, 2, 3, 4, 5, 6])
        var tensors = SafetensorsWriter()
        tensors.add("weight", copyOf: weight)
        var contents = CheckpointContents(step: 1, worldSize: 1)
        // The first file holds the gate while the second one's tensor changes.
        contents.add("first.bin", bytes: [1])
        contents.add("model.safetensors", tensors)
        writer.submit(contents)
        weight.fill(with: -1)
        gate.open()
        try writer.finish()
        let checkpoint = try #require(try scratch.store().newestGood().checkpoint)
        #expect(try checkpoint.file("model.safetensors").tensor("weight").elements == [1, 2, 3, 4, 5, 6])
    }

    @Test func anErrorComesBackAndTheNextWriteWorks() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try scratch.store(
            keep: 1, faults: "step=2,point=before-write,kind=disk-full;step=3,point=before-rename,kind=throw")
        let writer = BackgroundWriter(store)
        for step in 1...4 { writer.submit(example(step: step)) }
        #expect(writer.waitUntilIdle(seconds: 60))
        #expect(writer.takeResult()?.step == 1)
        let full = try #require(writer.takeResult())
        #expect(full.step == 2)
        #expect(throws: CheckpointError.self) { try full.written.get() }
        #expect(try full.pruned.get() == [])
        #expect(throws: InjectedFault.self) { try writer.finish() }
        #expect(writer.takeResult() == nil)
        #expect(try store.steps() == [4])
    }

    /// A failure to remove old ones does not make the new one worthless.
    @Test func pruningThatFailsIsToldApart() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.store().write(example(step: 1))
        let renames = CountedCalls { names in
            names.last == "rename" && names.filter { $0 == "rename" }.count == 2 ? 13 : nil
        }
        let writer = BackgroundWriter(try scratch.store(keep: 1, calls: renames.calls))
        writer.submit(example(step: 2))
        let outcomes = try writer.finish()
        #expect(renames.names.filter { $0 == "rename" }.count == 2)
        let error = #expect(throws: CheckpointError.self) { try outcomes.first?.pruned.get() }
        #expect(error?.errorNumber == 13)
        #expect(try scratch.store().steps() == [1, 2])
    }
}
