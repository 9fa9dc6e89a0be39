import ImageData
import Runs
import Tensors
import TestSupport
import Testing

@Suite struct HeatGridTests {
    /// Two samples of two channels: `Σ W_c · x_c²` of the second.
    @Test func channelsCountByTheirWeights() {
        let map = Tensor([2, 2, 1, 2], [9, 9, 9, 9, 1, -2, -1, 0])
        let grid = HeatGrid(of: map, sample: 1, weights: [0.75, 0.25])
        #expect(grid == HeatGrid(height: 1, width: 2, values: [0.75 * 1 + 0.25 * 1, 0.75 * 4]))
        #expect(grid.scaled.values == [0, 1])
        #expect(HeatGrid(height: 1, width: 2, values: [3, 3]).scaled.values == [0, 0])
    }

    @Test func largeGridsAreReducedToMeans() {
        let grid = HeatGrid(height: 3, width: 4, values: (0..<12).map(Double.init))
        #expect(grid.reduced(to: 4) == grid)
        let reduced = grid.reduced(to: 2)
        #expect(reduced == HeatGrid(height: 2, width: 2, values: [2.5, 4.5, 8.5, 10.5]))
    }

    /// A view of the right half of an image: its left half is 0.
    @Test func aViewLiesWhereItIs() {
        let grid = HeatGrid(height: 2, width: 1, values: [1, 0.5])
        let place = ViewPlacement(top: 0, left: 0.5, height: 1, width: 0.5)
        let spread = grid.spread(from: place, side: 28)
        #expect(spread == HeatGrid(height: 2, width: 2, values: [0, 1, 0, 0.5]))
        #expect(grid.spread(from: .whole, side: 28) == grid)
        #expect(spread.rows == [[0, 1], [0, 0.5]])
    }

    /// Of a view that was padded only the middle lies on the image.
    @Test func paddingIsLeftOut() {
        let grid = HeatGrid(height: 4, width: 1, values: [9, 1, 2, 9])
        let place = ViewPlacement(top: -0.5, left: 0, height: 2, width: 1)
        #expect(grid.spread(from: place, side: 28) == HeatGrid(height: 2, width: 1, values: [1, 2]))
    }

    @Test func aSmallViewGivesNoLargeGrid() {
        let grid = HeatGrid(height: 20, width: 20, values: [Double](repeating: 1, count: 400))
        let place = ViewPlacement(top: 0.25, left: 0.25, height: 0.5, width: 0.5)
        let spread = grid.spread(from: place, side: 28)
        #expect(spread.height == 28 && spread.width == 28)
        let sum: Double = spread.values.reduce(0, +)
        #expect(abs(sum - 196) < 1e-9)
    }
}
