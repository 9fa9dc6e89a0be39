import Tensors
import TestSupport
import Testing

@Suite struct ChannelDifferenceTests {
    private static let layouts: [Layout] = [.dense, .blocked(8), .blocked(16)]

    /// Eleven channels leave part of a block to padding.
    private let x = randomTensor([2, 11, 3, 2], seed: 150)
    private let y = randomTensor([2, 11, 3, 2], seed: 151)

    @Test(arguments: layouts, layouts) func distancesAgreeWithTheDefinition(layout: Layout, other: Layout) {
        let found = x.with(layout: layout).channelSquaredDistances(from: y.with(layout: other))
        var expected = [Double](repeating: 0, count: 11)
        for (index, (a, b)) in zip(x.elements, y.elements).enumerated() {
            expected[index / 6 % 11] += (Double(a) - Double(b)) * (Double(a) - Double(b))
        }
        #expect(mismatch(found, expected, relative: 1e-6) == nil)
    }

    @Test(arguments: layouts, layouts) func differencesAreScaledByChannel(layout: Layout, other: Layout) {
        let factors = (0..<11).map { Float($0) - 3 }
        let found = x.with(layout: layout).scaledDifference(
            from: y.with(layout: other), channelFactors: factors)
        let expected = zip(x.elements, y.elements).enumerated().map { index, pair in
            Double(factors[index / 6 % 11]) * (Double(pair.0) - Double(pair.1))
        }
        #expect(found.layout == layout && paddingMismatch(found) == nil)
        #expect(mismatch(found, expected, absolute: 1e-6, relative: 1e-5) == nil)
    }
}
