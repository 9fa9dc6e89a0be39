import ImageData
import ModelFiles
import Tensors
import TestSupport
import Testing

@Suite struct TensorDatasetTests {
    private func file(
        images: Shape = [3, 2, 2, 2], labels: [Int64] = [0, 2, 1], labelShape: Shape? = nil,
        secondView: Shape? = nil, value: Float = 0
    ) -> [UInt8] {
        var writer = SafetensorsWriter()
        let pixels = (0..<images.count).map { $0 == 9 ? 9 + value : Float($0) }
        writer.add("images", Tensor(images, pixels))
        writer.add("labels", integers: labels, shape: labelShape ?? [labels.count])
        if let secondView {
            writer.add("images_second_view", Tensor(repeating: -1, secondView))
        }
        return writer.serialized()
    }

    private func openingError(_ bytes: [UInt8]) throws -> DataError? {
        let folder = try ScratchFolder()
        let path = try folder.write(bytes, as: "data.safetensors")
        let error = #expect(throws: DataError.self) { try DatasetFile.open(path: path) }
        #expect(error?.path == path)
        return error
    }

    @Test func readsImagesAsTheyAre() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(file(secondView: [3, 2, 2, 2]), as: "data.safetensors")
        let set = try DatasetFile.open(path: path)
        #expect(set.count == 3 && set.classCount == 3 && set.content.hasSecondView)
        #expect(set.commonSize == ImageSize(height: 2, width: 2))
        #expect((0..<3).map { set.label($0) } == [0, 2, 1])
        let loader = try BatchLoader(
            subset: .training(of: set), pipeline: .plain(), seed: 0, shard: .whole, globalBatch: 2,
            shuffle: false, secondView: true)
        let batch = try loader.batch(step: 0)
        #expect(batch.images.shape == [2, 2, 2, 2])
        #expect(batch.images.elements == (0..<16).map { Float($0) })
        #expect(batch.secondView?.elements == [Float](repeating: -1, count: 16))
        #expect(
            try loader.batch(step: 1).images.elements == (16..<24).map { Float($0) }
                + (0..<8).map { Float($0) })
    }

    @Test func wrongContents() throws {
        #expect(try openingError(file(images: [3, 4]))?.kind == .format)
        #expect(try openingError(file(images: [0, 2, 2, 2], labels: []))?.kind == .format)
        #expect(try openingError(file(labels: [0, 1]))?.detail.contains("[2]") == true)
        #expect(try openingError(file(labelShape: [3, 1]))?.kind == .format)
        #expect(try openingError(file(secondView: [3, 2, 2, 1]))?.detail.contains("[3, 2, 2, 1]") == true)
        #expect(try openingError(Array(file().dropLast()))?.kind == .format)
        #expect(try openingError(SafetensorsWriter().serialized())?.detail.contains("\"images\"") == true)
        let infinite = try openingError(file(value: .infinity))
        #expect(infinite?.detail.contains("sample 1") == true)
    }

    @Test func wrongLabels() throws {
        let negative = try openingError(file(labels: [0, -4, 1]))
        #expect(negative?.kind == .label)
        #expect(negative?.detail.contains("sample 1 is -4") == true)
        #expect(try openingError(file(labels: [0, .max, 1]))?.kind == .label)
    }

    @Test func refusesWhatItCannotDo() throws {
        let folder = try ScratchFolder()
        let set = try DatasetFile.open(path: folder.write(file(), as: "data.safetensors"))
        let subset = try Subset.training(of: set)
        func loader(_ pipeline: ImagePipeline, secondView: Bool) throws {
            _ = try BatchLoader(
                subset: subset, pipeline: pipeline, seed: 0, shard: .whole, globalBatch: 2,
                secondView: secondView)
        }
        let moved = #expect(throws: DataError.self) {
            try loader(.plain(PadCrop(padding: 0)), secondView: false)
        }
        #expect(moved?.kind == .setting && moved?.detail.contains("train-transform") == true)
        let viewed = #expect(throws: DataError.self) { try loader(.plain(), secondView: true) }
        #expect(viewed?.detail.contains("images_second_view") == true)
    }
    @Test func equalFilesHaveEqualFingerprints() throws {
        let folder = try ScratchFolder()
        let one = try TensorDataset(contentsOf: folder.write(file(), as: "one.safetensors"))
        let same = try TensorDataset(contentsOf: folder.write(file(), as: "same.safetensors"))
        let other = try TensorDataset(contentsOf: folder.write(file(value: 1), as: "other.safetensors"))
        #expect(one.fingerprint == same.fingerprint && one.fingerprint != other.fingerprint)
    }
}
