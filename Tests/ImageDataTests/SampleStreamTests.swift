import ImageData
import Testing

@Suite struct SampleStreamTests {
    @Test func withoutShufflingStepsFollowTheFile() {
        let stream = SampleStream(count: 5, seed: 0, shuffle: false)
        #expect(stream.batch(step: 0, globalBatch: 3).map(\.index) == [0, 1, 2])
        #expect(stream.batch(step: 1, globalBatch: 3).map(\.index) == [3, 4, 0])
        #expect(stream.batch(step: 1, globalBatch: 3).map(\.pass) == [0, 0, 1])
        #expect(stream.batch(step: 0, globalBatch: 12).map(\.index) == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1])
    }

    @Test func passesAreThePermutationsOfTheirKeys() {
        let stream = SampleStream(count: 10, seed: 0, shuffle: true)
        let draws = stream.batch(step: 0, globalBatch: 20)
        #expect(draws.prefix(10).map(\.index) == [9, 3, 5, 6, 0, 8, 7, 1, 2, 4])
        #expect(draws.suffix(10).map(\.index) == [7, 5, 1, 4, 2, 0, 9, 6, 8, 3])
    }

    /// In every pass every sample once, whatever the batch; the batch only cuts one sequence into pieces.
    @Test(arguments: [1, 2, 5, 7, 16], [1, 2, 3, 7, 20])
    func theBatchOnlyCutsTheSequence(count: Int, globalBatch: Int) {
        let whole = SampleStream(count: count, seed: 5, shuffle: true).batch(step: 0, globalBatch: 420)
        let stream = SampleStream(count: count, seed: 5, shuffle: true)
        let pieces = (0..<420 / globalBatch).flatMap { stream.batch(step: $0, globalBatch: globalBatch) }
        #expect(pieces == whole)
        for pass in 0..<420 / count {
            let draws = whole[pass * count..<(pass + 1) * count]
            #expect(draws.allSatisfy { $0.pass == pass })
            #expect(draws.map(\.index).sorted() == Array(0..<count))
        }
    }

    @Test func stepsMayBeAskedForInAnyOrder() {
        let stream = SampleStream(count: 7, seed: 2, shuffle: true)
        let forward = (0..<10).map { stream.batch(step: $0, globalBatch: 4) }
        let backward = (0..<10).reversed().map { stream.batch(step: $0, globalBatch: 4) }
        #expect(forward == backward.reversed())
    }

    @Test func seedsAndPassesDiffer() {
        let first = SampleStream(count: 50, seed: 1, shuffle: true).batch(step: 0, globalBatch: 100)
        let second = SampleStream(count: 50, seed: 2, shuffle: true).batch(step: 0, globalBatch: 50)
        #expect(first.prefix(50).map(\.index) != second.map(\.index))
        #expect(first.prefix(50).map(\.index) != first.suffix(50).map(\.index))
    }
}

@Suite struct ShardTests {
    @Test func slicesAreContiguousAndAsEqualAsPossible() {
        for count in 0...40 {
            for size in 1...9 {
                let slices = (0..<size).map { Shard(rank: $0, size: size).slice(of: count) }
                #expect(slices.flatMap(Array.init) == Array(0..<count))
                let sizes = slices.map(\.count)
                #expect(sizes == sizes.sorted(by: >))
                #expect(sizes.allSatisfy { $0 == count / size || $0 == (count + size - 1) / size })
            }
        }
    }
}
