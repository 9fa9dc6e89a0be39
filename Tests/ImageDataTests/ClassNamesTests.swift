import ImageData
import Testing

/// Data sets with names of classes: those decide which classes are meant.
@Suite struct ClassNamesTests {
    /// A data set with names, and groups where they are given.
    private struct NamedDataset: ImageDataset, PixelSource {
        let path = "named"
        let labels: [Int]
        let classNames: [String]
        var groups: [String?] = []
        var hasNamedClasses: Bool { true }
        var count: Int { labels.count }
        var classCount: Int { classNames.count }
        var fingerprint: UInt64 { 0 }
        var content: ImageContent { .pixels(self) }
        var commonSize: ImageSize? { nil }
        func label(_ index: Int) -> Int { labels[index] }
        func group(_ index: Int) -> String? { groups.isEmpty ? nil : groups[index] }
        func size(_ index: Int) throws(DataError) -> ImageSize { ImageSize(height: 1, width: 1) }
        func decode(
            _ index: Int, _ request: PixelRequest, into image: inout PixelImage
        ) throws(DataError) {}
    }

    private let training = NamedDataset(labels: [0, 1, 2, 2], classNames: ["ant", "bee", "cat"])

    @Test func classesAreMatchedByName() throws {
        let subset = try Subset.training(of: training)
        let test = try Subset.evaluation(
            of: NamedDataset(labels: [0, 1, 0], classNames: ["cat", "ant"]), like: subset)
        #expect(test.labels == [2, 0, 2] && test.classNames == ["ant", "bee", "cat"])
    }

    @Test func anUnknownClassIsAnError() throws {
        let subset = try Subset.training(of: training)
        let error = #expect(throws: DataError.self) {
            try Subset.evaluation(
                of: NamedDataset(labels: [0, 1], classNames: ["ant", "cow"]), like: subset)
        }
        #expect(error?.kind == .label && error?.detail.contains("'cow'") == true)
        #expect(error?.detail.contains("ant, bee, cat") == true)
    }

    @Test func listedClassesAreNames() throws {
        let subset = try Subset.training(of: training, classes: ["cat", "ant"])
        #expect(subset.indices == [0, 2, 3] && subset.labels == [1, 0, 0])
        #expect(subset.classNames == ["cat", "ant"])
        // What is not listed is left out, known or not.
        let test = try Subset.evaluation(
            of: NamedDataset(labels: [0, 1, 2], classNames: ["ant", "cow", "cat"]),
            classes: ["cat", "ant"], like: subset)
        #expect(test.indices == [0, 2] && test.labels == [1, 0])
        let twice = #expect(throws: DataError.self) {
            try Subset.evaluation(of: training, classes: ["cat", "cat"], classNames: ["x", "y"])
        }
        #expect(twice?.exitCode == 64 && twice?.detail.contains("class cat twice") == true)
        for wrong: ClassReference in ["dog", 0] {
            let error = #expect(throws: DataError.self) {
                try Subset.training(of: training, classes: [wrong])
            }
            #expect(error?.exitCode == 65 && error?.detail.contains("lists \(wrong.text),") == true)
        }
    }

    @Test func namesCanBeGivenToLabels() throws {
        let set = MemoryDataset(labels: [0, 1, 2])
        let subset = try Subset.training(of: set, classNames: ["x", "y", "z"])
        #expect(subset.classNames == ["x", "y", "z"])
        let some = try Subset.training(of: set, classes: ["z", "x"], classNames: ["x", "y", "z"])
        #expect(some.indices == [0, 2] && some.labels == [1, 0] && some.classNames == ["z", "x"])
        let byLabel = try Subset.training(of: set, classes: [2, 0], classNames: ["x", "y", "z"])
        #expect(byLabel.labels == some.labels && byLabel.classNames == ["z", "x"])
        let test = try Subset.evaluation(
            of: NamedDataset(labels: [0, 1], classNames: ["z", "y"]), like: subset)
        #expect(test.labels == [2, 1])
        for names in [["x", "y"], ["x", "y", "x"]] {
            let error = #expect(throws: DataError.self) { try Subset.training(of: set, classNames: names) }
            #expect(error?.exitCode == 64)
        }
        #expect(throws: DataError.self) { try Subset.training(of: training, classNames: ["x", "y", "z"]) }
    }

    /// Data without names beside data with names: labels count the classes in order.
    @Test func labelsGoWithNames() throws {
        let subset = try Subset.training(of: training)
        let test = try Subset.evaluation(of: MemoryDataset(labels: [2, 0]), like: subset)
        #expect(test.labels == [2, 0] && test.classNames == ["ant", "bee", "cat"])
        let some = try Subset.training(of: training, classes: ["cat", "ant"])
        let few = try Subset.evaluation(
            of: MemoryDataset(labels: [1, 0, 5]), classes: ["cat", "ant"], like: some)
        #expect(few.indices == [0, 1] && few.labels == [1, 0])
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func groupsStayTogether(seed: UInt64) throws {
        // 40 patients of one to four pictures each, of one class or two.
        var (labels, groups): ([Int], [String?]) = ([], [])
        for patient in 0..<40 {
            for picture in 0...(patient % 4) {
                labels.append((patient + (picture == 3 ? 1 : 0)) % 3)
                groups.append("p\(patient)")
            }
        }
        labels += [0, 1, 2]
        groups += [nil, nil, nil]
        let set = NamedDataset(labels: labels, classNames: ["a", "b", "c"], groups: groups)
        let (kept, taken) = try Subset.training(of: set).split(seed: seed)
        let shared = Set(kept.indices.compactMap { groups[$0] })
            .intersection(taken.indices.compactMap { groups[$0] })
        #expect(shared.isEmpty)
        #expect((kept.indices + taken.indices).sorted() == Array(labels.indices))
        #expect(taken.indices == taken.indices.sorted())
        let whole = try Subset.training(of: set).samplesPerClass
        for (count, all) in zip(taken.samplesPerClass, whole) {
            #expect(count >= 1 && count <= max(4, all / 10 + 1))
        }
        #expect(try taken.indices == Subset.training(of: set).split(seed: seed).validation.indices)
    }

    @Test func oneGroupCannotBeDivided() throws {
        let set = NamedDataset(labels: [0, 0, 0], classNames: ["a"], groups: ["p", "p", "p"])
        let error = #expect(throws: DataError.self) { try Subset.training(of: set).split(seed: 0) }
        #expect(error?.detail.contains("two groups") == true)
    }
}
