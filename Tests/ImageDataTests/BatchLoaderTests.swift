import ImageData
import Tensors
import Testing

@Suite struct BatchLoaderTests {
    private func subset(_ count: Int, failing: Set<Int> = []) throws -> Subset {
        try Subset.training(of: MemoryDataset(labels: (0..<count).map { $0 % 2 }, failing: failing))
    }

    private func loader(
        _ subset: Subset, _ globalBatch: Int, _ shard: Shard = .whole, workers: Int = 1, shuffle: Bool = true
    ) throws -> BatchLoader {
        try BatchLoader(
            subset: subset, pipeline: .plain(PadCrop(padding: 1), HorizontalFlip()), seed: 11, shard: shard,
            globalBatch: globalBatch, shuffle: shuffle, secondView: true, workers: workers)
    }

    /// In order of rank, the shares of all ranks are the batch of one rank: bit by bit, for every R.
    @Test(arguments: [2, 7, 23], [1, 3, 8, 48])
    func sharesMakeUpTheGlobalBatch(count: Int, globalBatch: Int) throws {
        let data = try subset(count)
        let whole = try loader(data, globalBatch)
        for size in [1, 2, 3, 5, 8] {
            let ranks = try (0..<size).map { rank in
                try loader(data, globalBatch, Shard(rank: rank, size: size), workers: 1 + rank % 3)
            }
            for step in 0..<4 {
                let expected = try whole.batch(step: step)
                let shares = try ranks.map { try $0.batch(step: step) }
                #expect(shares.flatMap(\.labels) == expected.labels)
                #expect(shares.flatMap(\.indices) == expected.indices)
                #expect(shares.flatMap(\.positions) == expected.positions)
                #expect(shares.flatMap { $0.images.elements } == expected.images.elements)
                #expect(shares.flatMap { $0.secondView?.elements ?? [] } == expected.secondView?.elements)
                #expect(zip(shares, ranks).allSatisfy { $0.count == $1.rows.count })
                #expect(shares.allSatisfy { $0.images.shape == [$0.count, 3, 2, 2] })
            }
        }
    }

    @Test func imagesBelongToTheirLabels() throws {
        let set = MemoryDataset(labels: [5, 0, 3, 1, 5, 0, 3, 1])
        let data = try Subset.training(of: set, classes: [5, 3, 1])
        let loader = try BatchLoader(
            subset: data, pipeline: .plain(), seed: 1, shard: .whole, globalBatch: 5, secondView: true)
        for step in 0..<6 {
            let batch = try loader.batch(step: step)
            for row in 0..<batch.count {
                let index = batch.indices[row]
                #expect(data.indices[batch.positions[row]] == index)
                #expect([5, 3, 1][batch.labels[row]] == set.labels[index])
                #expect(batch.images.rows(row..<row + 1).elements == set.values(index))
                #expect(batch.secondView?.rows(row..<row + 1).elements == set.values(index))
            }
        }
    }

    @Test func workersAndTheOrderOfAskingMakeNoDifference() throws {
        let data = try subset(9)
        let forward = try loader(data, 7)
        let reference = try (0..<12).map { try forward.batch(step: $0).images.elements }
        for workers in [2, 3, 16] {
            let other = try loader(data, 7, workers: workers)
            for step in [3, 4, 5, 0, 11, 5, 5, 6, 1] {
                #expect(try other.batch(step: step).images.elements == reference[step])
            }
        }
    }

    @Test func withoutShufflingAndTransformStepsFollowTheFile() throws {
        let loader = try BatchLoader(
            subset: subset(48), pipeline: .plain(), seed: 0, shard: .whole, globalBatch: 8, shuffle: false)
        for step in 0..<7 {
            let batch = try loader.batch(step: step)
            #expect(batch.positions == (0..<8).map { (step * 8 + $0) % 48 })
            #expect(batch.secondView == nil)
        }
    }

    @Test func aDamagedSampleIsReportedWhenItIsAskedFor() throws {
        for workers in [1, 4] {
            let data = try subset(12, failing: [5, 7])
            let loader = try loader(data, 4, workers: workers, shuffle: false)
            #expect(try loader.batch(step: 0).count == 4)
            let error = #expect(throws: DataError.self) { try loader.batch(step: 1) }
            #expect(error?.detail == "sample 5 is damaged")
            #expect(try loader.batch(step: 2).positions == [8, 9, 10, 11])
        }
    }

    @Test func wrongSettings() throws {
        let data = try subset(4)
        #expect(throws: DataError.self) { try loader(data, 2, workers: 0) }
    }

    @Test func augmentationOfRealImagesDoesNotDependOnRanks() throws {
        let data = try Subset.training(of: DatasetFile.open(path: FashionMNIST.test), classes: [9, 3])
            .sampled(samplesPerClass: 20, seed: 2)
        func batch(_ shard: Shard, _ workers: Int) throws -> Batch {
            try BatchLoader(
                subset: data, pipeline: .plain(PadCrop(imageSize: 28), HorizontalFlip()), seed: 3,
                shard: shard, globalBatch: 32, secondView: true, workers: workers
            ).batch(step: 2)
        }
        let whole = try batch(.whole, 1)
        let shares = try (0..<3).map { try batch(Shard(rank: $0, size: 3), 2) }
        #expect(shares.flatMap { $0.images.elements } == whole.images.elements)
        #expect(shares.flatMap { $0.secondView?.elements ?? [] } == whole.secondView?.elements)
        #expect(whole.secondView?.elements != whole.images.elements)
    }
}

@Suite struct EvaluationLoaderTests {
    /// Every sample exactly once over all ranks, in order.
    @Test(arguments: [1, 2, 7, 24], [1, 3, 8, 100])
    func everySampleOnce(count: Int, batchSize: Int) throws {
        let set = MemoryDataset(labels: (0..<count).map { $0 % 2 })
        let data = try Subset.training(of: set)
        for size in [1, 2, 3, 5, 8] {
            var seen: [Int] = []
            var pixels: [Float] = []
            for rank in 0..<size {
                let loader = try EvaluationLoader(
                    subset: data, pipeline: .plain(), batchSize: batchSize,
                    shard: Shard(rank: rank, size: size), workers: 2)
                #expect((loader.batchCount == 0) == loader.positions.isEmpty)
                for number in 0..<loader.batchCount {
                    let batch = try loader.batch(number)
                    #expect(batch.count >= 1 && batch.count <= batchSize)
                    seen += batch.positions
                    pixels += batch.images.elements
                }
            }
            #expect(seen == Array(0..<count))
            #expect(pixels == (0..<count).flatMap(set.values))
        }
    }
    /// Evaluation goes through a pipeline as training does.
    @Test func imagesAreTransformed() throws {
        let set = MemoryDataset(labels: [0, 0], sizes: [ImageSize(height: 2, width: 2)])
        let loader = try EvaluationLoader(
            subset: .training(of: set), pipeline: .plain(FirstPixel()), batchSize: 2, shard: .whole)
        let images = try loader.batch(0).images
        #expect(images.shape == [2, 3, 1, 1])
        #expect(images.elements == [0, 0, 0, 16.0 / 255, 16.0 / 255, 16.0 / 255] as [Float])
    }
}
