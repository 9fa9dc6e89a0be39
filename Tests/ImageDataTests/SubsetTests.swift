import ImageData
import Testing

@Suite struct SubsetTests {
    @Test func keepsAllClasses() throws {
        let subset = try Subset.training(of: MemoryDataset(labels: [2, 0, 1, 0]))
        #expect(subset.indices == [0, 1, 2, 3] && subset.labels == [2, 0, 1, 0] && subset.classCount == 3)
        #expect(subset.classNames == ["0", "1", "2"] && subset.samplesPerClass == [2, 1, 1])
    }

    @Test func renumbersListedClasses() throws {
        let set = MemoryDataset(labels: [2, 0, 1, 0, 7, 2])
        let subset = try Subset.training(of: set, classes: [7, 0, 2])
        #expect(subset.indices == [0, 1, 3, 4, 5] && subset.labels == [2, 1, 1, 0, 2])
        #expect(subset.classNames == ["7", "0", "2"] && subset.classCount == 3)
        #expect(subset.identifier(3) == "4")
        let test = try Subset.evaluation(
            of: MemoryDataset(labels: [9, 2, 1, 7]), classes: [7, 0, 2], like: subset)
        #expect(test.indices == [1, 3] && test.labels == [2, 0] && test.classNames == ["7", "0", "2"])
    }

    @Test(
        arguments: [
            ([0, 2], nil, DataError.Kind.label, "class 1 has no training sample"),
            ([1, 1], nil, .label, "class 0"),
            ([0, 999_999], nil, .label, "class 1 "),
            ([0, 1], [0, 5, 1], .selection, "class 5 has no sample"),
            ([0, 1], [-1, 0], .selection, "class -1"),
            ([0, 1], [1, 0, 1], .setting, "class 1 twice"),
            ([0, 1], [], .setting, "empty"),
        ] as [([Int], [ClassReference]?, DataError.Kind, String)])
    func wrongClasses(labels: [Int], classes: [ClassReference]?, kind: DataError.Kind, problem: String) throws
    {
        let error = #expect(throws: DataError.self) {
            try Subset.training(of: MemoryDataset(labels: labels), classes: classes)
        }
        #expect(error?.kind == kind && error?.detail.contains(problem) == true)
    }

    @Test func evaluationIsCheckedAgainstTraining() throws {
        let training = try Subset.training(of: MemoryDataset(labels: [0, 1, 2]))
        let test = try Subset.evaluation(of: MemoryDataset(labels: [1, 1]), like: training)
        #expect(test.classCount == 3 && test.labels == [1, 1])
        let error = #expect(throws: DataError.self) {
            try Subset.evaluation(of: MemoryDataset(labels: [1, 4]), like: training)
        }
        #expect(error?.kind == .label && error?.path == "memory")
        #expect(error?.detail.contains("sample 1 has label 4") == true)
        #expect(error?.detail.contains("3 classes") == true)
        let none = #expect(throws: DataError.self) {
            try Subset.evaluation(of: MemoryDataset(labels: [1]), classes: [0, 2], classNames: ["a", "b"])
        }
        #expect(none?.kind == .selection)
    }

    @Test func fewSamplesOfEachClass() throws {
        let all = try Subset.training(of: MemoryDataset(labels: labels([9, 4, 30])))
        let few = try all.sampled(samplesPerClass: 4, seed: 1)
        #expect(few.samplesPerClass == [4, 4, 4] && few.indices == few.indices.sorted())
        #expect(zip(few.indices, few.labels).allSatisfy { all.labels[$0] == $1 })
        #expect(try few.indices == all.sampled(samplesPerClass: 4, seed: 1).indices)
        #expect(try few.indices != all.sampled(samplesPerClass: 4, seed: 2).indices)
        let error = #expect(throws: DataError.self) { try all.sampled(samplesPerClass: 5, seed: 1) }
        #expect(error?.kind == .selection)
        #expect(error?.detail.contains("class 1 has 4 samples, 5") == true)
        #expect(throws: DataError.self) { try all.sampled(samplesPerClass: 0, seed: 1) }
    }

    @Test(arguments: [
        (100.0, [9, 4, 30, 1]), (50.0, [5, 2, 15, 1]), (15.0, [1, 1, 5, 1]), (0.001, [1, 1, 1, 1]),
        (99.9, [9, 4, 30, 1]),
    ])
    func aPercentageOfEachClass(rate: Double, expected: [Int]) throws {
        let all = try Subset.training(of: MemoryDataset(labels: labels([9, 4, 30, 1])))
        #expect(try all.sampled(sampleRate: rate, seed: 3).samplesPerClass == expected)
        let larger = try Set(all.sampled(sampleRate: 100, seed: 3).indices)
        #expect(try larger.isSuperset(of: all.sampled(sampleRate: rate, seed: 3).indices))
    }

    @Test(arguments: [0.0, -1, 100.1, .nan, .infinity])
    func wrongRates(rate: Double) throws {
        let all = try Subset.training(of: MemoryDataset(labels: labels([3, 3])))
        let error = #expect(throws: DataError.self) { try all.sampled(sampleRate: rate, seed: 3) }
        #expect(error?.exitCode == 64)
    }

    @Test func takesATenthForValidation() throws {
        let all = try Subset.training(of: MemoryDataset(labels: labels([1, 2, 14, 15, 100])))
        let (training, validation) = try all.split(seed: 4)
        #expect(validation.samplesPerClass == [0, 1, 1, 2, 10])
        #expect(training.samplesPerClass == [1, 1, 13, 13, 90])
        #expect((training.indices + validation.indices).sorted() == all.indices)
        #expect(validation.indices == validation.indices.sorted() && validation.classCount == 5)
        #expect(try validation.indices == all.split(seed: 4).validation.indices)
        #expect(try validation.indices != all.split(seed: 5).validation.indices)
        let lonely = try Subset.training(of: MemoryDataset(labels: [0, 1, 2]))
        let error = #expect(throws: DataError.self) { try lonely.split(seed: 4) }
        #expect(error?.detail.contains("data.validation") == true)
    }

    @Test func otherClassesDoNotChangeWhatIsChosen() throws {
        let set = MemoryDataset(labels: labels([20, 20, 20]))
        let all = try Subset.training(of: set).sampled(samplesPerClass: 5, seed: 8)
        let some = try Subset.training(of: set, classes: [2, 0]).sampled(samplesPerClass: 5, seed: 8)
        #expect(some.indices == all.indices.filter { set.labels[$0] != 1 })
    }

    @Test func fingerprintsTellSelectionsApart() throws {
        let all = try Subset.training(of: MemoryDataset(labels: labels([5, 5])))
        let same = try Subset.training(of: MemoryDataset(labels: labels([5, 5])))
        let other = try Subset.training(of: MemoryDataset(labels: labels([5, 5])), classes: [1, 0])
        #expect(all.fingerprint == same.fingerprint && all.fingerprint != other.fingerprint)
        #expect(try all.fingerprint != all.split(seed: 0).training.fingerprint)
    }
}
