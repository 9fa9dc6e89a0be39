import Foundation
import Hosts
import ImageData
import ModelFiles
import ProcessGroups
import Tensors

// Work that can take minutes on a slow disk, and what it tells the stall inspector. Nothing else runs in this process.

/// Runs work with a folder of its own, which is removed.
private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "ballast-progress-\(getpid())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
}

/// A photograph of the unit tests.
private let photograph =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "ImageDataTests/Fixtures/photographs/RGB-UPPER.JPG").path

/// Each long phase of reading and writing gives a sign of life at every piece of some megabytes, and at every image.
func workOnFilesNotesProgress(_ checker: Checker) throws {
    func expect(_ pieces: Int64, _ what: String, _ work: () throws -> Void) rethrows {
        let before = WorkProgress.count
        try work()
        checker.expect(
            WorkProgress.count - before >= pieces,
            "\(what) gave \(WorkProgress.count - before) signs of progress, expected \(pieces) or more")
    }
    try withFolder { folder in
        let file = folder + "/tensor.safetensors"
        var writer = SafetensorsWriter()
        // 32 MB.
        writer.add("images", Tensor(repeating: 1, [8 << 20]))
        try expect(8, "writing a file") { try writer.write(to: file) }
        try expect(8, "hashing a file") { _ = try FileDigest(ofFile: file) }
        try expect(8, "reading a tensor") { _ = try SafetensorsFile(contentsOf: file).tensor("images") }

        for name in ["a/1", "a/2", "b/1", "b/2"] {
            let path = "\(folder)/photographs/\(name)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for number in 0..<3 {
                try FileManager.default.copyItem(atPath: photograph, toPath: "\(path)/\(number).jpg")
            }
        }
        var dataset: (any ImageDataset)?
        // A sign for each file that is listed, and one for each that is looked at.
        try expect(24, "opening photographs") {
            dataset = try DatasetFile.open(path: folder + "/photographs")
        }
        guard let photographs = dataset as? PhotographDataset else {
            return checker.expect(false, "no photographs were opened")
        }
        checker.equal(photographs.count, 12)
        expect(12, "decoding photographs") {
            _ = photographs.failures(decoding: 0..<photographs.count, threads: 1)
        }
        let subset = try Subset.evaluation(of: photographs, classNames: photographs.classNames)
        let pipeline = ImagePipeline(
            transform: ComposedTransform([Resize(to: ImageSize(height: 16, width: 16))]),
            normalization: try Normalization(mean: [0, 0, 0], standardDeviation: [1, 1, 1]))
        let loader = try EvaluationLoader(subset: subset, pipeline: pipeline, batchSize: 12, shard: .whole)
        try expect(12, "making a batch") { _ = try loader.batch(0) }
    }
}

/// A rank that works on files for longer than the limit, a piece at a time.
func stallBusyFiles(_ checker: Checker) throws {
    let group = checker.group
    try withFolder { folder in
        let file = folder + "/file"
        try Data([1, 2, 3]).write(to: URL(filePath: file))
        if group.rank == group.size - 1 {
            for _ in 0..<25 {
                Thread.sleep(forTimeInterval: 0.2)
                _ = try FileDigest(ofFile: file)
            }
        }
        checker.equal(try group.allReduce(Int64(1)), Int64(group.size))
    }
}
