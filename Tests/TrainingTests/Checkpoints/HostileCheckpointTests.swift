internal import Foundation
import Hosts
import ModelFiles
import ProcessGroups
import Tensors
import TestSupport
import Testing
import Training

/// Checkpoints whose hashes hold and whose contents no run wrote: error 65 or a run that goes on, and nothing else.
@Suite(.serialized) struct HostileCheckpointTests {
    /// A folder with the checkpoints of steps 2 and 4 of a run that was asked to stop.
    private func withRun(_ body: (String) throws -> Void) throws {
        let scratch = try ScratchFolder()
        defer { scratch.remove() }
        let folder = scratch.path + "/run"
        do {
            let bench = try TrainerBench(
                SoloGroup(), folder: folder, .init(validation: [0.5, 0.75], everySteps: 2, stopBefore: 4))
            _ = #expect(throws: CollectiveFailure.self) { try bench.trainer.run() }
            #expect(try bench.store.steps() == [2, 4])
        }
        try body(folder)
    }

    /// Starts the run again.
    private func goOn(_ folder: String) throws -> Trainer.Outcome {
        try TrainerBench(SoloGroup(), folder: folder, .init(validation: [0.5, 0.5, 0.5])).trainer.run()
    }

    private func expectRefusal(
        _ folder: String, naming text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do {
            let outcome = try goOn(folder)
            Issue.record("it went on to step \(outcome.bestStep)", sourceLocation: sourceLocation)
        } catch {
            #expect(ExitCode.of(error) == ExitCode.badData, "\(error)", sourceLocation: sourceLocation)
            #expect("\(error)".contains(text), "\(error)", sourceLocation: sourceLocation)
        }
    }

    // MARK: Manifest

    private static let goodBest =
        "{\"step\":2,\"evaluation\":{\"accuracy\":1,\"meanClassAccuracy\":1,\"loss\":0.5,\"count\":4}}"

    @Test func aPositionThatIsNone() throws {
        try withRun { folder in
            let path = folder + "/checkpoints/step-00000004"
            let good = try SealedCheckpoint(path)
            for (position, problem) in [
                (nil, "is missing"), ("", "cannot be read"), ("{}", "cannot be read"),
                ("[4]", "cannot be read"),
                ("{\"step\":\"4\"}", "cannot be read"), ("{\"step\":4.5}", "cannot be read"),
                ("{\"step\":1e30}", "cannot be read"), ("{\"step\":9223372036854775808}", "cannot be read"),
                ("{\"step\":-5}", "is step -5, and the checkpoint is of step 4"),
                ("{\"step\":0}", "is step 0"), ("{\"step\":6}", "is step 6"),
                ("{\"step\":9223372036854775807}", "is step 9223372036854775807"),
                ("{\"step\":4,\"best\":{\"step\":2}}", "cannot be read"),
                (
                    "{\"step\":4,\"best\":\(Self.goodBest.replacing(":2", with: ":0"))}",
                    "a best model of step 0"
                ),
                (
                    "{\"step\":4,\"best\":\(Self.goodBest.replacing(":2", with: ":5"))}",
                    "a best model of step 5"
                ),
                (
                    "{\"step\":4,\"best\":\(Self.goodBest.replacing(":1", with: ":7"))}",
                    "an impossible evaluation"
                ),
                (
                    "{\"step\":4,\"best\":\(Self.goodBest.replacing(":4", with: ":-4"))}",
                    "an impossible evaluation"
                ),
            ] as [(String?, String)] {
                var checkpoint = good
                checkpoint.metadata["position"] = position
                try checkpoint.seal()
                expectRefusal(folder, naming: problem)
            }
            // What this test seals is taken where it is right.
            try good.seal()
            #expect(try goOn(folder).bestStep == 4)
        }
    }

    @Test func aBestModelThatIsNotThere() throws {
        try withRun { folder in
            let path = folder + "/checkpoints/step-00000004"
            var checkpoint = try SealedCheckpoint(path)
            let files = try #require(checkpoint.manifest["files"] as? [[String: Any]])
            checkpoint.manifest["files"] = files.filter { $0["name"] as? String == "state.safetensors" }
            try checkpoint.seal()
            expectRefusal(folder, naming: "and the checkpoint holds none")
            // Nor one of another network.
            checkpoint.manifest["files"] = files
            var writer = SafetensorsWriter()
            writer.add("fc.weight", Tensor([2, 4], [Float](repeating: 0, count: 8)))
            try checkpoint.replaceFile("model.safetensors", with: writer.serialized())
            try checkpoint.seal()
            expectRefusal(folder, naming: "model.safetensors: tensor ")
        }
    }

    @Test(arguments: ["step", "world-size"]) func numbersThatCannotBe(key: String) throws {
        try withRun { folder in
            var checkpoint = try SealedCheckpoint(folder + "/checkpoints/step-00000004")
            try remove(folder + "/checkpoints/step-00000002")
            for number in [-1, Int.min, Int.max, 1 << 49] {
                checkpoint.manifest[key] = number
                try checkpoint.seal()
                expectRefusal(folder, naming: "which cannot be")
            }
        }
    }

    // MARK: Tensors

    private func expectRefusal(
        of change: (inout [String: Tensor], inout [String: [Int64]]) -> Void, naming text: String
    ) throws {
        try withRun { folder in
            var checkpoint = try SealedCheckpoint(folder + "/checkpoints/step-00000004")
            try checkpoint.rewriteState(change)
            try checkpoint.seal()
            expectRefusal(folder, naming: text)
        }
    }

    @Test func tensorsThatNoRunHas() throws {
        let name = "parameter.fc.weight"
        try expectRefusal(of: { floats, _ in floats[name] = nil }, naming: "'\(name)' is missing")
        try expectRefusal(
            of: { floats, _ in floats[name] = Tensor(repeating: 0, [4, 2]) }, naming: "of another shape")
        try expectRefusal(
            of: { floats, _ in floats[name] = Tensor(repeating: .nan, [2, 4]) }, naming: "holds nan")
        try expectRefusal(
            of: { floats, _ in floats["optimizer.momentum.fc.bias"] = Tensor(repeating: .infinity, [2]) },
            naming: "holds inf")
        for count in [-1, 5, Int64.max] {
            try expectRefusal(
                of: { _, integers in integers["optimizer.step.fc.bias"] = [count] },
                naming: "not a number of steps")
        }
        try expectRefusal(
            of: { _, integers in integers["optimizer.step.fc.bias"] = [1, 1] },
            naming: "not a number of steps")
    }

    // MARK: Fuzzing

    /// How many damaged checkpoints are tried: `BALLAST_FUZZ_CASES`, or a few hundred.
    private static let caseCount =
        ProcessInfo.processInfo.environment["BALLAST_FUZZ_CASES"].flatMap { Int($0) } ?? 300

    @Test func anyDamageIsAnErrorOrDoesNoHarm() throws {
        try withRun { folder in
            let path = folder + "/checkpoints/step-00000004"
            let files = try ["manifest.json", "state.safetensors", "model.safetensors"].map {
                ($0, try contents("\(path)/\($0)"))
            }
            // What the run wrote beside its checkpoints goes on as it is.
            var refused = 0
            for number in 0..<Self.caseCount {
                for (name, bytes) in files { try replace("\(path)/\(name)", with: bytes) }
                var damage = Damage(seed: UInt64(number))
                var checkpoint = try SealedCheckpoint(path)
                try damage.change(&checkpoint)
                try checkpoint.seal()
                do {
                    _ = try goOn(folder)
                } catch {
                    refused += 1
                    // Numbers may be so large that the next step diverges.
                    let isDivergence = "\(error)".contains("training has diverged")
                    #expect(
                        isDivergence || ExitCode.of(error) == ExitCode.badData, "case \(number): \(error)")
                    #expect("\(error)".utf8.count < 2000, "case \(number)")
                }
            }
            #expect(refused > Self.caseCount / 3 && refused < Self.caseCount)
        }
    }

    /// The state of each method and of batch normalization in a real network.
    @Test(arguments: MethodCase.allCases) func anyDamageOfAMethodsState(method: MethodCase) throws {
        let scratch = try ScratchFolder()
        defer { scratch.remove() }
        let samples = try Samples()
        let bench = try MethodBench(method, SoloGroup(), samples: samples)
        _ = try bench.train(0..<7)
        let store = CheckpointStore(directory: scratch.path, keep: 1, ballastVersion: "test")
        var contents = CheckpointContents(step: 1, worldSize: 1, metadata: ["position": "{\"step\":1}"])
        contents.add("state.safetensors", bench.step.snapshot(nil))
        let written = try store.write(contents)
        let state = try TestSupport.contents(written.path + "/state.safetensors")
        let manifest = try TestSupport.contents(written.path + "/manifest.json")
        for number in 0..<max(1, Self.caseCount / 30) {
            try replace(written.path + "/state.safetensors", with: state)
            try replace(written.path + "/manifest.json", with: manifest)
            var damage = Damage(seed: UInt64(number), preferring: "method.")
            var checkpoint = try SealedCheckpoint(written.path)
            try damage.changeTensors(of: &checkpoint)
            try checkpoint.seal()
            do {
                let point = try ResumePoint(CheckpointStore.open(written.path), identity: "")
                try bench.step.restore(point)
            } catch {
                #expect(ExitCode.of(error) == ExitCode.badData, "case \(number): \(error)")
                continue
            }
            // What was taken can be trained with, though numbers may be so large that a step diverges.
            _ = try? bench.train(7..<14)
        }
        // The bench can tell: what is whole is taken.
        try replace(written.path + "/state.safetensors", with: state)
        try replace(written.path + "/manifest.json", with: manifest)
        try bench.step.restore(ResumePoint(CheckpointStore.open(written.path), identity: ""))
    }
}

extension SealedCheckpoint {
    /// Writes the tensors of the state anew.
    fileprivate mutating func rewriteState(
        _ change: (inout [String: Tensor], inout [String: [Int64]]) -> Void
    ) throws {
        let file = try SafetensorsFile(contentsOf: path + "/state.safetensors")
        var floats: [String: Tensor] = [:]
        var integers: [String: [Int64]] = [:]
        for name in file.names {
            if file.holdsIntegers(name) {
                integers[name] = try file.integers(name).map(Int64.init)
            } else {
                floats[name] = try file.tensor(name)
            }
        }
        change(&floats, &integers)
        var writer = SafetensorsWriter()
        for (name, tensor) in floats { writer.add(name, tensor) }
        for (name, values) in integers {
            writer.add(name, integers: values, shape: values.count == 1 ? [] : [values.count])
        }
        try replaceFile("state.safetensors", with: writer.serialized())
    }
}

/// Changes that follow from a seed.
private struct Damage {
    private var random: KeyedRandom
    private let preferred: String

    init(seed: UInt64, preferring preferred: String = "") {
        random = KeyedRandom(seed: seed, purpose: .sampling)
        self.preferred = preferred
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[random.integer(below: values.count)]
    }

    private mutating func number() -> Int {
        pick([0, 1, -1, 2, 3, 5, 1000, 1 << 31, 1 << 48, 1 << 62, .max, .min, -(1 << 33)])
    }

    private mutating func value() -> Any {
        let number = number()
        return pick([
            number, NSNull(), "\(number)", [number], ["step": number], 1e300, true,
            String(repeating: "x", count: 5000),
        ])
    }

    /// Changes the manifest or a file.
    mutating func change(_ checkpoint: inout SealedCheckpoint) throws {
        switch random.integer(below: 6) {
        case 0: checkpoint.manifest[pick(Array(checkpoint.manifest.keys.sorted()))] = value()
        case 1:
            let key = pick(["position", "identity", "configuration", "new"])
            checkpoint.metadata[key] = pick([nil, value(), "\(number())", "{\"step\":\(number())}"])
        case 2:
            let (step, best) = (pick([4, number()]), number())
            let numbers = (0..<3).map { _ in pick(["0", "1", "0.5", "-1", "1e300", "1e-300", "2", "null"]) }
            checkpoint.metadata["position"] =
                "{\"step\":\(step),\"best\":{\"step\":\(best),\"evaluation\":{\"accuracy\":\(numbers[0]),"
                + "\"meanClassAccuracy\":\(numbers[1]),\"loss\":\(numbers[2]),\"count\":\(number())}},"
                + "\"learningRate\":\(numbers[0]),\"nextLearningRate\":\(numbers[1])}"
        case 3:
            var files = checkpoint.manifest["files"] as? [[String: Any]] ?? []
            let index = random.integer(below: files.count)
            files[index][pick(["name", "byte-count", "sha-256"])] = pick([
                value(), "../config.yaml", "manifest.json", "state.safetensors", "",
            ])
            checkpoint.manifest["files"] = files
        case 4:
            let name = pick(["state.safetensors", "model.safetensors"])
            var bytes = try contents("\(checkpoint.path)/\(name)")
            for _ in 0...random.integer(below: 4) {
                bytes[random.integer(below: min(bytes.count, 1500))] = UInt8(random.integer(below: 256))
            }
            try checkpoint.replaceFile(
                name, with: Array(bytes.prefix(pick([bytes.count, bytes.count, bytes.count / 2]))))
        default: try changeTensors(of: &checkpoint)
        }
    }

    /// Changes one or two tensors of the state.
    mutating func changeTensors(of checkpoint: inout SealedCheckpoint) throws {
        for _ in 0...random.integer(below: 2) {
            var own = self
            try checkpoint.rewriteState { own.change(&$0, &$1) }
            self = own
        }
    }

    private mutating func change(_ floats: inout [String: Tensor], _ integers: inout [String: [Int64]]) {
        let all = floats.keys.sorted() + integers.keys.sorted()
        let wanted = all.filter { $0.hasPrefix(preferred) }
        let name = pick(wanted.isEmpty || random.integer(below: 4) == 0 ? all : wanted)
        guard let tensor = floats[name] else {
            integers[name] = pick([nil, [], [1, 2], [Int64(number())], [Int64(number())]])
            return
        }
        let dimensions = tensor.shape.dimensions
        let shape = pick([
            dimensions, dimensions.reversed(), [tensor.count], dimensions + [1], [1] + dimensions, [], [0],
            dimensions.map { $0 + 1 }, [tensor.count + 3],
        ])
        let extreme = pick([Float.nan, .infinity, -.infinity, -1, -1e9, 0.5, 1e9, 0])
        let place = random.integer(below: max(1, tensor.count))
        switch random.integer(below: 4) {
        case 0: floats[name] = nil
        case 1: floats[name] = Tensor(repeating: extreme, Shape(shape))
        case 2:
            floats[name] = nil
            integers[name] = [Int64](repeating: Int64(number()), count: tensor.count)
        default:
            floats[name] = Tensor(
                tensor.shape, tensor.elements.enumerated().map { $0 == place ? extreme : $1 })
        }
    }
}
