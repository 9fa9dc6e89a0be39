import Tensors
import TestSupport
import Testing
import Training

/// What is written comes back.
@Suite struct RoundTripTests {
    @Test func readsWhatItWrote() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let written = try scratch.store().write(example(step: 500))
        #expect(try scratch.names() == ["step-00000500"])
        #expect(written.step == 500 && written.path == scratch.directory + "/step-00000500")
        let (checkpoint, rejected) = try scratch.store().newestGood()
        try expectExample(checkpoint, step: 500)
        #expect(rejected.isEmpty)
        #expect(checkpoint?.metadata == ["best": "250", "ä": "\"\n"])
        #expect(checkpoint?.ballastVersion == "1.2.3")
        #expect(checkpoint?.fileNames == ["model.safetensors", "position.bin"])
        #expect(checkpoint?.byteCount == written.byteCount)
        #expect(try checkpoint?.file("model.safetensors").metadata == ["kind": "model"])
        #expect(written.seconds > 0)
    }

    @Test func aFolderThatIsNotThereHasNone() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try scratch.store()
        let (checkpoint, rejected) = try store.newestGood()
        #expect(checkpoint == nil && rejected.isEmpty)
        #expect(try store.steps() == [] && store.cleanStaging() == [])
    }

    @Test func namesTheFilesThatThereAre() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.store().write(example(step: 1))
        let checkpoint = try #require(try scratch.store().newestGood().checkpoint)
        let error = #expect(throws: CheckpointError.self) { try checkpoint.bytes("queue.safetensors") }
        #expect(error?.exitCode == 65)
        #expect(error?.problem.contains("model.safetensors, position.bin") == true)
        #expect(throws: CheckpointError.self) { try checkpoint.file("../step-00000001/position.bin") }
    }

    @Test(arguments: [0, 7, 99_999_999, 100_000_000, 12_345_678_901])
    func stepsOfEverySize(step: Int) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.store().write(example(step: step))
        try expectExample(try scratch.store().newestGood().checkpoint, step: step)
        #expect(try scratch.store().steps() == [step])
    }

    @Test func theNewestIsTheOneOfTheLastStepNotOfTheLastWrite() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for step in [30, 100_000_000, 9] { try scratch.store().write(example(step: step)) }
        try expectExample(try scratch.store().newestGood().checkpoint, step: 100_000_000)
    }

    @Test(arguments: [true, false])
    func replacesOneOfTheSameStep(exchanging: Bool) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let counted = CountedCalls { $0.last == "exchange" && !exchanging ? 22 : nil }
        try scratch.store(calls: counted.calls).write(example(step: 5))
        try scratch.store(calls: counted.calls).write(example(step: 5, variant: 0.5))
        #expect(try scratch.names() == ["step-00000005"])
        try expectExample(try scratch.store().newestGood().checkpoint, step: 5, variant: 0.5)
        #expect(counted.names.filter { $0 == "exchange" }.count == 1)
        #expect(counted.names.filter { $0 == "rename" }.count == (exchanging ? 2 : 4))
    }

    @Test func opensACopyUnderAnotherName() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let written = try scratch.store().write(example(step: 8))
        let copy = scratch.path + "/best"
        try makeFolder(copy)
        for name in ["manifest.json", "model.safetensors", "position.bin"] {
            try replace(copy + "/" + name, with: contents(written.path + "/" + name))
        }
        try expectExample(CheckpointStore.open(copy), step: 8)
        try expectExample(CheckpointStore.open(written.path + "/"), step: 8)
        let missing = #expect(throws: CheckpointError.self) { try CheckpointStore.open(copy + "s") }
        #expect(missing?.exitCode == 74 && missing?.description.contains("No such file") == true)
        let file = #expect(throws: CheckpointError.self) {
            try CheckpointStore.open(copy + "/manifest.json")
        }
        #expect(file?.exitCode == 65)
    }

    @Test func theManifestIsReadableByOthers() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.store().write(example(step: 500))
        let text = String(decoding: try contents(scratch.file("manifest.json", step: 500)), as: UTF8.self)
        for line in [
            "\"format-version\" : 2", "\"ballast-version\" : \"1.2.3\"", "\"step\" : 500",
            "\"world-size\" : 3",
            "\"byte-count\" : 9000", "\"best\" : \"250\"",
        ] { #expect(text.contains(line), "\(text)") }
    }
}
