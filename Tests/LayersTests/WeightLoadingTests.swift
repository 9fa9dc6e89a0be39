import Layers
import ModelFiles
import Tensors
import TestSupport
import Testing

@Suite struct WeightLoadingTests {
    private static let tensors: [String: Tensor] = [
        "conv1.weight": randomTensor([4, 3, 3, 3], seed: 1),
        "bn1.weight": randomTensor([4], seed: 2),
        "bn1.bias": randomTensor([4], seed: 3),
        "bn1.running_mean": randomTensor([4], seed: 4),
        "bn1.running_var": Tensor([4], [1, 2, 3, 4]),
        "fc.weight": randomTensor([5, 4], seed: 5),
        "fc.bias": randomTensor([5], seed: 6),
    ]

    private func file(
        _ tensors: [String: Tensor], counter: Int64? = 7, _ check: (SafetensorsFile) throws -> Void
    ) throws {
        var writer = SafetensorsWriter()
        for (name, tensor) in tensors { writer.add(name, tensor) }
        if let counter { writer.add("bn1.num_batches_tracked", integers: [counter], shape: []) }
        try withTemporaryFile { path in
            try writer.write(to: path)
            try check(try SafetensorsFile(contentsOf: path))
        }
    }

    /// Everything that loading may change.
    private func state(_ classifier: Classifier) -> [[Float]] {
        classifier.stateTensors.map(\.elements)
            + [classifier.buffers.counters.map { Float($0.counter.value) }]
    }

    private func classifier(classCount: Int = 5) -> Classifier {
        let classifier = Classifier(backbone: TinyBackbone(), classCount: classCount)
        classifier.backbone.initialize(seed: 1)
        classifier.head.initialize(seed: 1)
        return classifier
    }

    @Test func aClassifierTakesEveryTensor() throws {
        try file(Self.tensors) { file in
            let classifier = classifier()
            try classifier.load(file)
            for parameter in classifier.parameters {
                #expect(parameter.variable.value.elements == Self.tensors[parameter.name]?.elements)
            }
            let buffers = classifier.buffers
            #expect(
                buffers.map(\.name)
                    == ["running_mean", "running_var", "num_batches_tracked"].map { "bn1." + $0 })
            for (name, tensor) in buffers.tensors {
                #expect(tensor.elements == Self.tensors[name]?.elements)
            }
            #expect(buffers.tensors.count == 2 && buffers.counters.map(\.counter.value) == [7])
        }
    }

    /// Published weights have another number of classes.
    @Test func aBackboneLeavesTheHeadAlone() throws {
        try file(Self.tensors) { file in
            let classifier = classifier(classCount: 3)
            let head = classifier.head.weight.variable.value.elements
            try classifier.backbone.load(file)
            #expect(
                classifier.backbone.parameters[0].variable.value.elements
                    == Self.tensors["conv1.weight"]?.elements)
            #expect(classifier.head.weight.variable.value.elements == head)
        }
    }

    @Test func aFileWithoutHeadOrCounterFitsABackbone() throws {
        let tensors = Self.tensors.filter { !$0.key.hasPrefix("fc") }
        try file(tensors, counter: nil) { file in
            let backbone = TinyBackbone()
            for (_, counter) in backbone.buffers.counters { counter.value = 9 }
            try backbone.load(file)
            #expect(backbone.normalization.batchCount == 0)
        }
    }

    @Test func convolutionsSeeTheLoadedWeights() throws {
        try file(Self.tensors) { file in
            let images = Variable(randomTensor([2, 3, 6, 6], seed: 7))
            let classifier = classifier()
            let before = try classifier(images, .inference).logits.value.elements
            try classifier.load(file)
            let after = try classifier(images, .inference).logits.value.elements
            let fresh = self.classifier()
            try fresh.load(file)
            #expect(after == (try fresh(images, .inference).logits.value.elements))
            #expect(after != before)
        }
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expectedParts: [String]
        let apply: @Sendable (inout [String: Tensor]) -> Void
    }

    static let damages: [Damage] = [
        .init(testDescription: "a missing tensor", expectedParts: ["'bn1.running_var' is missing"]) {
            $0["bn1.running_var"] = nil
        },
        .init(
            testDescription: "two missing tensors",
            expectedParts: ["'conv1.weight' is missing", "1 other"]
        ) {
            $0["conv1.weight"] = nil
            $0["bn1.bias"] = nil
        },
        .init(
            testDescription: "an unexpected tensor", expectedParts: ["'layer9.weight' is unexpected"]
        ) { $0["layer9.weight"] = Tensor([1], [0]) },
        .init(
            testDescription: "a wrong shape",
            expectedParts: ["'bn1.bias' has shape [5]", "the network needs [4]"]
        ) { $0["bn1.bias"] = Tensor(repeating: 0, [5]) },
        .init(
            testDescription: "a kernel of another size",
            expectedParts: ["'conv1.weight' has shape [4, 3, 7, 7]", "the network needs [4, 3, 3, 3]"]
        ) { $0["conv1.weight"] = Tensor(repeating: 0, [4, 3, 7, 7]) },
    ]

    @Test(arguments: damages) func whatDoesNotFitIsNamedAndNothingChanges(_ damage: Damage) throws {
        var tensors = Self.tensors
        damage.apply(&tensors)
        try file(tensors) { file in
            let classifier = classifier()
            let before = state(classifier)
            for load in [{ try classifier.load($0) }, { try classifier.backbone.load($0) }]
                as [(SafetensorsFile) throws -> Void]
            {
                let error = try #require(throws: WeightError.self) { try load(file) }
                #expect(error.path == file.path && error.exitCode == 65)
                #expect(error.description.hasPrefix(file.path + ": "))
                for part in damage.expectedParts { #expect(error.detail.contains(part)) }
            }
            #expect(state(classifier) == before)
        }
    }

    @Test func aHeadOfOtherClassesIsNamed() throws {
        try file(Self.tensors) { file in
            let classifier = classifier(classCount: 3)
            let before = state(classifier)
            let error = try #require(throws: WeightError.self) { try classifier.load(file) }
            #expect(error.detail.contains("'fc.weight' has shape [5, 4], the network needs [3, 4]"))
            #expect(state(classifier) == before)
        }
    }

    /// Elements that cannot be read are found before the first tensor is written.
    @Test func elementsOfAWrongTypeChangeNothing() throws {
        var writer = SafetensorsWriter()
        for (name, tensor) in Self.tensors where name != "fc.bias" { writer.add(name, tensor) }
        writer.add("fc.bias", integers: [0, 0, 0, 0, 0], shape: [5])
        try withTemporaryFile { path in
            try writer.write(to: path)
            let classifier = classifier()
            let before = state(classifier)
            let file = try SafetensorsFile(contentsOf: path)
            #expect(throws: SafetensorsError.self) { try classifier.load(file) }
            #expect(state(classifier) == before)
        }
        var tensors = Self.tensors
        tensors["bn1.num_batches_tracked"] = Tensor(scalar: 1.5)
        try file(tensors, counter: nil) { file in
            let classifier = classifier()
            let before = state(classifier)
            #expect(throws: WeightFileError.self) { try classifier.load(file) }
            #expect(state(classifier) == before)
        }
    }

    /// Whoever casts a whole file casts the counts too; one that is too large for its type became infinite.
    @Test(arguments: [(Float(7), Int64(7)), (.infinity, 0)])
    func countsMayBeFloats(stored: Float, count: Int64) throws {
        var tensors = Self.tensors
        tensors["bn1.num_batches_tracked"] = Tensor(scalar: stored)
        try file(tensors, counter: nil) { file in
            let classifier = classifier()
            try classifier.load(file)
            #expect(classifier.buffers.counters.map(\.counter.value) == [count])
        }
    }

    @Test(arguments: [Int64(-1), .max])
    func countsThatCannotBeAreRefused(count: Int64) throws {
        try file(Self.tensors, counter: count) { file in
            let error = try #require(throws: WeightFileError.self) { try classifier().load(file) }
            #expect(error.exitCode == 65 && error.detail.contains("'bn1.num_batches_tracked' is a count"))
        }
    }

    @Test(arguments: [
        ("conv1.weight", Float.nan, "finite numbers"), ("fc.bias", .infinity, "finite numbers"),
        ("bn1.running_mean", -.infinity, "finite numbers"), ("bn1.running_var", .nan, "variances"),
        ("bn1.running_var", -1e-30, "variances"),
    ])
    func numbersThatCannotBeAreNamed(_ name: String, _ value: Float, _ part: String) throws {
        var tensors = Self.tensors
        let tensor = try #require(tensors[name])
        tensors[name] = Tensor(tensor.shape, tensor.elements.dropLast() + [value])
        try file(tensors) { file in
            let classifier = classifier()
            let before = state(classifier)
            let error = try #require(throws: WeightError.self) { try classifier.load(file) }
            #expect(error.exitCode == 65 && error.path == file.path)
            #expect(error.detail.contains("element \(tensor.count - 1) of tensor '\(name)'"))
            #expect(error.detail.contains(part))
            #expect(state(classifier) == before)
        }
    }

    @Test func whatIsSavedIsLoadedBitByBit() throws {
        let saved = classifier()
        let tape = Tape()
        _ = try saved(
            Variable(randomTensor([2, 3, 6, 6], seed: 8)), ForwardContext(tape: tape, normalization: .local))
        try withTemporaryFile { path in
            try saved.file(metadata: ["epoch": "3"]).write(to: path)
            let file = try SafetensorsFile(contentsOf: path)
            #expect(file.metadata == ["epoch": "3"])
            #expect(
                Set(file.names) == Set(Self.tensors.keys).union(["bn1.num_batches_tracked"]))
            #expect(file.shape(of: "bn1.num_batches_tracked") == [])
            let loaded = classifier()
            loaded.head.initialize(seed: 2)
            try loaded.load(file)
            #expect(state(loaded) == state(saved))
            #expect(loaded.buffers.counters.map(\.counter.value) == [1])
        }
    }

    @Test func stateTensorsAreWrittenInPlace() throws {
        let (source, target) = (classifier(), classifier())
        source.backbone.initialize(seed: 9)
        let images = Variable(randomTensor([2, 3, 6, 6], seed: 10))
        _ = try target(images, .inference)
        for (from, to) in zip(source.stateTensors, target.stateTensors) { to.copy(from: from) }
        target.parametersDidChange()
        #expect(
            try target(images, .inference).logits.value.elements
                == (try source(images, .inference).logits.value.elements))
    }

    @Test func aClassifierListsItsBackboneThenItsHead() {
        let classifier = classifier()
        #expect(
            classifier.parameters.map(\.name)
                == ["conv1.weight", "bn1.weight", "bn1.bias", "fc.weight", "fc.bias"])
        #expect(classifier.classCount == 5)
        let fresh = Classifier(backbone: TinyBackbone(), classCount: 2)
        #expect(fresh.head.weight.variable.value.elements.allSatisfy { $0 == 0 })
    }
}
