import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

@Suite struct GatheredFeaturesTests {
    /// More samples than features and fewer; one, two and three ranks with uneven rows.
    @Test(arguments: unevenShares(of: 7), [4, 9])
    func sharesAddUpToTheTermOfOneProcess(counts: [Int], width: Int) throws {
        let x = randomTensor([7, width], seed: 10)
        let whole = try valueAndGradient(x) {
            $0.scaled(try $0.spectralShrinkage($1, count: 2), by: 0.5)
        }
        let shares = try ThreadedGroup.run(size: counts.count) { group in
            let rows = x.rows(slices(counts)[group.rank])
            return try valueAndGradient(rows) {
                $0.scaled(try $0.spectralShrinkage($1, count: 2, over: group), by: 0.5)
            }
        }
        // The same bits: every rank computes the spectrum of the same batch.
        #expect(shares.reduce(0) { $0 + $1.value.scalar } == whole.value.scalar)
        #expect(shares.flatMap { $0.gradient.elements } == whole.gradient.elements)
    }

    /// A layer below the features: the sum of the ranks' gradients is that of one process.
    @Test(arguments: unevenShares(of: 6)) func gradientsOfAParameterAddUp(counts: [Int]) throws {
        let (x, w) = (randomTensor([6, 5], seed: 11), randomTensor([4, 5], seed: 12))
        let whole = try valueAndGradient(w) {
            try $0.spectralShrinkage($0.linear(Variable(x), weight: $1), count: 1)
        }.gradient
        let shares = try ThreadedGroup.run(size: counts.count) { group in
            let rows = Variable(x.rows(slices(counts)[group.rank]))
            return try valueAndGradient(w) {
                try $0.spectralShrinkage($0.linear(rows, weight: $1), count: 1, over: group)
            }.gradient
        }
        let sum = w.elements.indices.map { index in
            shares.reduce(0.0) { $0 + Double($1.elements[index]) }
        }
        #expect(mismatch(whole, sum, absolute: 1e-6, relative: 1e-5) == nil)
    }

    @Test func rowsComeInRankOrder() throws {
        let x = randomTensor([6, 3], seed: 13)
        let ranges = slices([2, 0, 4])
        let gathered = try ThreadedGroup.run(size: 3) { group in
            try GatheredFeatures(x.rows(ranges[group.rank]), over: group)
        }
        #expect(gathered.map(\.rows) == ranges)
        #expect(gathered.allSatisfy { $0.batch.elements == x.elements })
    }

    /// The rank with the bad sample and the one without throw the same, with the row of the global batch.
    @Test func everyRankThrowsForANonFiniteFeatureOfOne() throws {
        var elements = randomTensor([5, 3], seed: 14).elements
        elements[10] = .nan
        let x = Tensor([5, 3], elements)
        let positions = try ThreadedGroup.run(size: 2) { group in
            let rows = Variable(x.rows(slices([2, 3])[group.rank]))
            do {
                _ = try Tape().spectralShrinkage(rows, count: 1, over: group)
                return [Int]()
            } catch let error as NonFiniteError { return error.position }
        }
        #expect(positions == [[3, 1], [3, 1]])
    }

    /// Fewer samples on each rank than values asked for, but enough in the global batch.
    @Test func theGlobalBatchDecidesHowManyValuesThereAre() throws {
        let x = randomTensor([3, 4], seed: 15)
        let values = try ThreadedGroup.run(size: 3) { group in
            try Tape().spectralShrinkage(
                Variable(x.rows(group.rank..<group.rank + 1)), count: 3, over: group
            ).value.scalar
        }
        let whole = try Tape().spectralShrinkage(Variable(x), count: 3).value.scalar
        #expect(values == [whole, 0, 0])
    }
}
