import Regularizers
import Tensors
import TestSupport
import Testing

@Suite struct FeatureMapDistanceTests {
    private static let layouts: [Layout] = [.dense, .blocked(8), .blocked(16)]

    @Test(arguments: layouts, ["delta-feature-map", "delta-attention-feature-map"])
    func agreesWithTheReference(layout: Layout, name: String) throws {
        let golden = try GoldenCase(name)
        let tape = Tape()
        let maps = try ["layer0", "layer1"].map { tap in
            Variable(try golden.input("target." + tap).with(layout: layout), requiresGradient: true)
        }
        let terms = try zip(["layer0", "layer1"], maps).map { tap, map in
            let weights =
                name == "delta-feature-map" ? nil : try golden.input("attention." + tap).elements
            return tape.featureMapDistance(
                map, reference: try golden.input("source." + tap).with(layout: layout),
                channelWeights: weights)
        }
        let value = tape.add(terms[0], terms[1])
        try tape.backward(from: value)
        #expect(try golden.mismatch(value.value, "output.value") == nil)
        #expect(try golden.mismatch(maps[0].gradient, "gradient.target.layer0") == nil)
        #expect(try golden.mismatch(maps[1].gradient, "gradient.target.layer1") == nil)
    }

    /// Five channels leave most of a block to padding; the reference may lie in another order.
    @Test(arguments: layouts, layouts)
    func gradientFollowsDifferences(layout: Layout, referenceLayout: Layout) throws {
        let map = randomTensor([2, 5, 3, 2], seed: 40).with(layout: layout)
        let reference = randomTensor([2, 5, 3, 2], seed: 41).with(layout: referenceLayout)
        for weights in [nil, [0.1, 0.4, 0, 0.2, 0.3] as [Float]?] {
            #expect(
                try gradientMismatch(["map": map]) {
                    $0.featureMapDistance($1[0], reference: reference, channelWeights: weights)
                } == nil)
        }
    }

    /// What goes on to the convolution in front: the gradient in the map's layout, zeros in its padding.
    @Test(arguments: layouts) func paddingStaysZero(layout: Layout) throws {
        let map = randomTensor([3, 11, 2, 2], seed: 42).with(layout: layout)
        let reference = randomTensor([3, 11, 2, 2], seed: 43).with(layout: layout)
        let weights = [Float](repeating: 1 / 11, count: 11)
        let tape = Tape()
        let leaf = Variable(map, requiresGradient: true)
        let factor = Tensor(repeating: 1, [11])
        let probe = try tape.batchNormalization(
            leaf, scale: Variable(factor), shift: Variable(factor),
            statistics: .fixed(mean: factor, variance: factor)
        ).output
        let term = tape.featureMapDistance(probe, reference: reference, channelWeights: weights)
        var passedOn: Tensor?
        try tape.backward(from: term) { if $0 === probe { passedOn = $0.gradient } }
        #expect(paddingMismatch(try #require(passedOn)) == nil)
        let dense = try valueAndGradient(probe.value.dense()) {
            $0.featureMapDistance($1, reference: reference.dense(), channelWeights: weights)
        }
        #expect(mismatch(term.value, dense.value, relative: 1e-6) == nil)
        #expect(try #require(leaf.gradient).elements.contains { $0 != 0 })
    }

    @Test(arguments: unevenShares(of: 5)) func sharesAddUp(counts: [Int]) throws {
        let (x, reference) = (randomTensor([5, 3, 2, 2], seed: 44), randomTensor([5, 3, 2, 2], seed: 45))
        let term = { (rows: Range<Int>) in
            try valueAndGradient(x.rows(rows)) {
                $0.featureMapDistance(
                    $1, reference: reference.rows(rows), channelWeights: [0.5, 0.2, 0.3])
            }
        }
        let whole = try term(0..<5)
        let shares = try slices(counts).map(term)
        let sum = shares.reduce(0.0) { $0 + Double($1.value.scalar) }
        #expect(mismatch(whole.value, [sum], relative: 1e-6) == nil)
        #expect(shares.flatMap { $0.gradient.elements } == whole.gradient.elements)
    }

    /// Uniform attention is the plain distance over H · W.
    @Test func uniformWeightsGiveTheMeanOverPositions() throws {
        let (x, reference) = (randomTensor([2, 4, 3, 3], seed: 46), randomTensor([2, 4, 3, 3], seed: 47))
        let plain = Tape().featureMapDistance(Variable(x), reference: reference).value.scalar
        let weighted = Tape().featureMapDistance(
            Variable(x), reference: reference, channelWeights: [0.25, 0.25, 0.25, 0.25]
        ).value
        #expect(mismatch(weighted, [Double(plain) / 9], relative: 1e-6) == nil)
    }
}
