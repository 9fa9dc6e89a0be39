import ModelFiles
import Tensors
import TestSupport
import Testing

/// Pickles written by hand: what they may build, and what they may not.
@Suite struct PickleTests {
    private func open(_ bytes: [UInt8]) throws -> PyTorchFile {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        return try PyTorchFile(contentsOf: try folder.write(bytes, as: "weights.pth"))
    }

    private func fail(_ pickle: [UInt8], _ part: String) throws {
        try fail(file: legacyFile(pickle), part)
    }

    private func fail(file: [UInt8], _ part: String) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let error = try #require(try readingError(file, in: ScratchFolder()) as? WeightFileError)
        #expect(error.exitCode == 65 && error.detail.contains(part), "\(error)")
        #expect(error.description.utf8.count < 1000)
        // Far more than any of them needs; a bomb takes for ever.
        #expect(clock.now - start < .seconds(60))
    }

    private let four: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40]

    private func file(_ tensor: [UInt8]) -> [UInt8] {
        legacyFile(dictionary("w", tensor), keys: ["0"], storages: [(4, four)])
    }

    @Test func aTensorOfAStorage() throws {
        let file = try open(
            file(tensor(storage("0", count: 4), offset: 0, sizes: [2, 2], strides: [1, 2])))
        #expect(try file.tensor("w").elements == [1, 3, 2, 4])
    }

    /// Old files have storages that are parts of another one.
    @Test func aViewOfAStorage() throws {
        let view = storage("0", count: 4, view: tuple(text("v"), integer(1), integer(3)))
        #expect(
            try open(file(tensor(view, offset: 1, sizes: [2], strides: [1]))).tensor("w").elements == [3, 4])
        try fail(file: file(tensor(view, offset: 1, sizes: [3], strides: [1])), "does not lie within")
        let outside = storage("0", count: 4, view: tuple(text("v"), integer(2), integer(3)))
        try fail(file: file(tensor(outside, offset: 0, sizes: [1], strides: [1])), "lies outside")
    }

    static let wrongViews: [(Int64, [Int64], [Int64])] = [
        (0, [5], [1]), (1, [4], [1]), (-1, [2], [1]), (0, [-2], [1]), (0, [2], [-1]), (4, [1], [1]),
        (0, [2, 2], [2, 2]), (0, [1 << 62, 4], [0, 0]), (0, [2], [.max]), (.max, [2], [1]),
        (.max, [0], [1]), (0, [.max, .max], [1, 1]), (0, [1 << 40], [0]), (0, [2, 2], [1]),
        (0, [3, 3], [1, 1]),
        (0, [Int64](repeating: 1, count: 40), [Int64](repeating: 1, count: 40)),
    ]

    @Test(arguments: wrongViews)
    func tensorsLieWithinTheirStorage(offset: Int64, sizes: [Int64], strides: [Int64]) throws {
        try fail(
            file: file(tensor(storage("0", count: 4), offset: offset, sizes: sizes, strides: strides)),
            "tensor")
    }

    @Test(arguments: [Int64(5), 3, 1 << 62, .max, -1, 0])
    func storagesAreAsLargeAsTheySay(count: Int64) throws {
        let bytes = file(tensor(storage("0", count: count), offset: 0, sizes: [0], strides: [1]))
        try fail(file: bytes, "storage")
    }

    @Test func theEndOfAnOldFileIsChecked() throws {
        let good = file(tensor(storage("0", count: 4), offset: 0, sizes: [4], strides: [1]))
        #expect(try readingError(good, in: ScratchFolder()) == nil)
        try fail(file: Array(good.dropLast()), "cut off")
        let pickle = dictionary("w", tensor(storage("0", count: 4), offset: 0, sizes: [4], strides: [1]))
        try fail(file: legacyFile(pickle), "has no storage '0'")
        try fail(file: legacyFile(pickle, keys: ["0", "0"], storages: [(4, four), (4, four)]), "twice")
    }

    /// Of `os.system`, written in every way that a pickle has to call something.
    @Test func nothingIsCalled() throws {
        let call = global("os", "system")
        let argument = text("touch hostile-was-here")
        let good = tensor(storage("0", count: 4), offset: 0, sizes: [4], strides: [1])
        let calls: [[UInt8]] = [
            call + tuple(argument) + [0x52],
            call + tuple(argument) + [0x81],
            call + tuple(argument) + [0x7D, 0x92],
            [0x28] + argument + Array("ios\nsystem\n".utf8),
            [0x28] + call + argument + [0x6F],
            text("os") + text("system") + [0x93] + tuple(argument) + [0x52],
            call + tuple(argument) + [0x52] + [0x7D, 0x62],
        ]
        for hostile in calls {
            let both = [0x80, 4, 0x7D] + text("bad") + hostile + [0x73] + text("w") + good + [0x73, 0x2E]
            let file = try open(legacyFile(both, keys: ["0"], storages: [(4, four)]))
            #expect(file.opaqueNames == ["os.system"])
            #expect(
                file.names == ["w"] && file.findings.contains { $0.contains("never called: 'os.system'") })
            try fail([0x80, 4] + hostile + [0x2E], "os.system")
        }
        // Functions that stand for something take nothing but the arguments of tensors and lists.
        for (name, part) in [
            ("_rebuild_parameter", "_rebuild_parameter"), ("_rebuild_tensor_v2", "lacks arguments"),
        ] {
            try fail(dictionary("w", bytes(global("torch._utils", name), tuple(), [0x52])), part)
        }
    }

    @Test func lengthsAreThoseOfTheFile() throws {
        let huge: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0x40]
        for operation: [UInt8] in [[0x8D] + huge, [0x8E] + huge, [0x96] + huge] {
            try fail(operation, "are announced")
        }
        for operation: [UInt8] in [[0x58], [0x42], [0x54], [0x8B]] {
            try fail(operation + [0xFF, 0xFF, 0xFF, 0x7F], "are announced")
        }
    }

    @Test func nestingNeedsNoStack() throws {
        let deep = 500_000
        try fail([0x80, 2, 0x29] + [UInt8](repeating: 0x85, count: deep) + [0x2E], "holds no named tensors")
        try fail(
            [0x80, 2] + [UInt8](repeating: 0x5D, count: deep) + [UInt8](repeating: 0x61, count: deep - 1)
                + [0x2E], "holds no named tensors")
    }

    @Test func bombsAreRefused() throws {
        func pickle(_ start: [UInt8], repeating operation: [UInt8], _ count: Int) -> [UInt8] {
            var bytes = start
            for _ in 0..<count { bytes += operation }
            return bytes + [0x2E]
        }
        func pickle(repeating operation: UInt8) -> [UInt8] {
            [0x4B, 1] + [UInt8](repeating: operation, count: (1 << 21) + 2) + [0x2E]
        }
        // 2^200 leaves of a tree whose halves are the same.
        try fail(pickle([0x4B, 1], repeating: [0x32, 0x86], 200), "holds no named tensors")
        try fail(pickle(repeating: 0x32), "more values on its stack")
        try fail(pickle(repeating: 0x94), "more values in its memo")
        try fail(pickle(repeating: 0x28), "more marks")
        try fail(pickle(repeating: 0x29), "more values than")
        // A long list, turned into a set again and again.
        let list = [0x5D, 0x71, 0, 0x28] + [UInt8](repeating: 0x4E, count: 100_000) + [0x65, 0x30]
        try fail(
            pickle(list, repeating: global("builtins", "set") + [0x68, 0, 0x85, 0x52, 0x30], 1000),
            "more copies")
        // A list that holds itself, and a dictionary.
        try fail([0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E], "holds no named tensors")
        try fail(
            [0x7D, 0x71, 0] + text("model") + [0x68, 0, 0x73] + text("state_dict") + [0x68, 0, 0x73, 0x2E],
            "holds no named tensors")
    }

    @Test(
        arguments: [
            [0x2E], [0x30], [0x52], [0x74], [0x61], [0x73], [0x75], [0x65], [0x62], [0x81], [0x93], [0x51],
            [0x68, 9],
            [0x71, 0], [0x94], [0xFF], [0x80, 6], [0x82, 1], [0x97], [0x50, 0x0A], [0x28, 0x30, 0x30],
            [0x4E, 0x28, 0x86], [0x7D, 0x28, 0x4E, 0x75], [0x4E, 0x4E, 0x61], [0x4E, 0x51],
            [0x49, 0x78, 0x0A],
            [0x46, 0x0A], [0x53, 0x61, 0x0A], [0x63, 0x61], [0x67, 0x78, 0x0A], [0x58, 1],
        ] as [[UInt8]])
    func programsThatMakeNoSense(_ operations: [UInt8]) throws {
        try fail([0x80, 2] + operations + [0x2E], "pickle is damaged")
    }

    /// Protocol 0 writes texts, and dictionaries entry by entry.
    @Test func protocol0() throws {
        let pickle = "(dp0\nS'state_dict'\np1\n(dp2\nVw\np3\n".utf8
        let rest = tensor(storage("0", count: 4), offset: 0, sizes: [4], strides: [1])
        let end = "ssS'epoch'\nI3\nsS'lr'\nF0.5\nsS'big'\nL12345678901234567890123L\nsS'yes'\nI01\ns.".utf8
        let file = try open(
            legacyFile(Array(pickle) + rest + Array(end), keys: ["0"], storages: [(4, four)]))
        #expect(file.keys == ["state_dict"])
        #expect(try file.tensor("w").elements == [1, 2, 3, 4])
    }

    /// The last of equal keys counts, as in Python.
    @Test func entriesAreOverwritten() throws {
        let first = tensor(storage("0", count: 4), offset: 0, sizes: [1], strides: [1])
        let second = tensor(storage("0", count: 4), offset: 3, sizes: [1], strides: [1])
        let pickle = [0x80, 2, 0x7D, 0x28] + text("w") + first + text("w") + second + [0x75, 0x2E]
        let file = try open(legacyFile(pickle, keys: ["0"], storages: [(4, four)]))
        #expect(try file.tensor("w").elements == [4])
    }

    @Test func theNewestWeightsOfACheckpointAreFound() throws {
        func entry(_ key: String, at offset: Int64) -> [UInt8] {
            text(key) + [0x7D] + text("w")
                + tensor(storage("0", count: 4), offset: offset, sizes: [1], strides: [1]) + [0x73, 0x73]
        }
        let pickle =
            [0x80, 2, 0x7D] + entry("model", at: 0) + entry("state_dict_ema", at: 1)
            + entry("state_dict", at: 2) + entry("optimizer", at: 3) + [0x2E]
        let file = try open(legacyFile(pickle, keys: ["0"], storages: [(4, four)]))
        #expect(file.keys == ["state_dict_ema"])
        #expect(try file.tensor("w").elements == [2])
        #expect(file.findings.contains { $0.contains("not 'state_dict', 'model'") })
    }
}
