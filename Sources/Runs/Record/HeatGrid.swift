package import ImageData
package import Tensors

/// Numbers on a grid over an image: where a layer looks.
package struct HeatGrid: Sendable, Equatable {
    /// Rows.
    package let height: Int
    /// Columns.
    package let width: Int
    /// `height · width` numbers, row-major.
    package let values: [Double]

    /// A grid from its parts.
    package init(height: Int, width: Int, values: [Double]) {
        precondition(values.count == height * width, "\(values.count) numbers for \(height) × \(width)")
        (self.height, self.width, self.values) = (height, width, values)
    }

    /// `Σ_c W_c · x_c²` at each position of a feature map, as the summed squares of attention transfer (Zagoruyko and
    /// Komodakis, Paying more attention to attention, ICLR 2017), with DELTA's weights.
    ///
    /// - Parameters:
    ///   - map: x, `[N, C, H, W]`.
    ///   - sample: Which of the N.
    ///   - weights: W, one number a channel.
    package init(of map: Tensor, sample: Int, weights: [Float]) {
        precondition(
            map.shape.rank == 4 && map.shape[1] == weights.count,
            "\(weights.count) weights for a map of \(map.shape)")
        let (channels, height, width) = (map.shape[1], map.shape[2], map.shape[3])
        var sums = [Double](repeating: 0, count: height * width)
        map.dense().rows(sample..<sample + 1).withElements { elements in
            for channel in 0..<channels {
                let weight = Double(weights[channel])
                for place in sums.indices {
                    let value = Double(elements[channel * sums.count + place])
                    sums[place] += weight * value * value
                }
            }
        }
        self.init(height: height, width: width, values: sums)
    }

    /// From 0, where the grid is least, to 1, where it is largest; zeros where it is the same everywhere.
    package var scaled: HeatGrid {
        let (least, most) = (values.min() ?? 0, values.max() ?? 0)
        let range = most - least
        let scaled = values.map { range > 0 && range.isFinite ? ($0 - least) / range : 0 }
        return HeatGrid(height: height, width: width, values: scaled)
    }

    /// Means of squares of cells, so that no side has more than `side` cells.
    package func reduced(to side: Int) -> HeatGrid {
        let factor = (max(height, width) + side - 1) / side
        guard factor > 1 else { return self }
        let (rows, columns) = ((height + factor - 1) / factor, (width + factor - 1) / factor)
        var means: [Double] = []
        for row in 0..<rows {
            for column in 0..<columns {
                let lines = row * factor..<min((row + 1) * factor, height)
                let places = column * factor..<min((column + 1) * factor, width)
                let sum = lines.reduce(0) { sum, line in
                    places.reduce(sum) { $0 + values[line * width + $1] }
                }
                means.append(sum / Double(lines.count * places.count))
            }
        }
        return HeatGrid(height: rows, width: columns, values: means)
    }

    /// The grid of a whole image, of whose view this is one: cells of about the same size, interpolated, and 0 outside of
    /// the view.
    ///
    /// - Parameters:
    ///   - place: Where in the image the view lies.
    ///   - side: Cells of a side, at most.
    package func spread(from place: ViewPlacement, side: Int) -> HeatGrid {
        guard place != .whole else { return self }
        func cells(_ count: Int, _ length: Double) -> Int {
            Int(min(max((Double(count) / length).rounded(), 1), Double(side)))
        }
        let (rows, columns) = (cells(height, place.height), cells(width, place.width))
        var spread: [Double] = []
        for row in 0..<rows {
            let y = ((Double(row) + 0.5) / Double(rows) - place.top) / place.height
            for column in 0..<columns {
                let x = ((Double(column) + 0.5) / Double(columns) - place.left) / place.width
                let isInside = (0...1).contains(y) && (0...1).contains(x)
                spread.append(isInside ? interpolated(y * Double(height), x * Double(width)) : 0)
            }
        }
        return HeatGrid(height: rows, width: columns, values: spread)
    }

    /// The value between the middles of cells.
    private func interpolated(_ y: Double, _ x: Double) -> Double {
        func between(_ position: Double, _ count: Int) -> (first: Int, second: Int, part: Double) {
            let place = min(max(position - 0.5, 0), Double(count - 1))
            let first = Int(place)
            return (first, min(first + 1, count - 1), place - Double(first))
        }
        let (row, column) = (between(y, height), between(x, width))
        func value(_ line: Int) -> Double {
            values[line * width + column.first] * (1 - column.part)
                + values[line * width + column.second] * column.part
        }
        return value(row.first) * (1 - row.part) + value(row.second) * row.part
    }

    /// The rows, each number with three decimals.
    package var rows: [[Double]] {
        (0..<height).map { row in
            values[row * width..<(row + 1) * width].map { ($0 * 1000).rounded() / 1000 }
        }
    }
}
