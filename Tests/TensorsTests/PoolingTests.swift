import Tensors
import TestSupport
import Testing

/// One pooling to check.
struct PoolingCase: Sendable, CustomTestStringConvertible {
    let kind: PoolingSettings.Kind
    let size: Int
    let stride: Int
    let padding: Int
    let rows: Int
    let columns: Int
    var channels = 20

    var testDescription: String {
        "\(kind) \(size)/\(stride)/\(padding) of \(channels)×\(rows)×\(columns)"
    }

    static let all: [PoolingCase] = [.maximum, .average].flatMap { kind -> [PoolingCase] in
        [
            .init(kind: kind, size: 3, stride: 2, padding: 1, rows: 8, columns: 8, channels: 16),
            .init(kind: kind, size: 3, stride: 2, padding: 1, rows: 7, columns: 9, channels: 8),
            .init(kind: kind, size: 3, stride: 2, padding: 1, rows: 1, columns: 2),
            .init(kind: kind, size: 2, stride: 2, padding: 0, rows: 6, columns: 4),
            // The last row and column belong to no window.
            .init(kind: kind, size: 2, stride: 2, padding: 0, rows: 7, columns: 5, channels: 3),
            .init(kind: kind, size: 3, stride: 2, padding: 0, rows: 6, columns: 8, channels: 1),
            .init(kind: kind, size: 2, stride: 3, padding: 0, rows: 7, columns: 7),
            .init(kind: kind, size: 5, stride: 1, padding: 2, rows: 4, columns: 6),
        ]
    }

    var settings: PoolingSettings { .init(kind, size: size, stride: stride, padding: padding) }
    var input: Shape { [2, channels, rows, columns] }
    var output: Shape {
        [2, channels, (rows + 2 * padding - size) / stride + 1, (columns + 2 * padding - size) / stride + 1]
    }

    /// Places of the input that lie in the window of each element of the output.
    func windows() -> [[Int]] {
        (0..<output.count).map { index in
            let (row, column) = (index / output[3] % output[2], index % output[3])
            let plane = index / (output[2] * output[3]) * rows * columns
            return (0..<size * size).compactMap { place in
                let y = row * stride - padding + place / size
                let x = column * stride - padding + place % size
                return 0..<rows ~= y && 0..<columns ~= x ? plane + y * columns + x : nil
            }
        }
    }
}

@Suite struct PoolingTests {
    @Test(arguments: PoolingCase.all, testLayouts)
    func agreesWithTheDefinition(_ given: PoolingCase, layout: Layout) throws {
        // Negative throughout, so that a padding that counted as zero would show.
        let x = Tensor(given.input, shuffledTensor(given.input, seed: 60).elements.map { $0 - 1000 })
        let dy = randomTensor(given.output, seed: 61)
        let tape = Tape()
        let input = Variable(x.with(layout: layout), requiresGradient: true)
        let y = tape.pooling(input, given.settings)
        try tape.backward(from: tape.dot(y, dy))

        let elements = x.elements.map(Double.init)
        var expected: [Double] = []
        var dx = [Double](repeating: 0, count: elements.count)
        for (window, slope) in zip(given.windows(), dy.elements) {
            switch given.kind {
            case .maximum:
                let top = try #require(window.max { elements[$0] < elements[$1] })
                expected.append(elements[top])
                dx[top] += Double(slope)
            case .average:
                expected.append(window.reduce(0) { $0 + elements[$1] } / Double(window.count))
                for index in window { dx[index] += Double(slope) / Double(window.count) }
            }
        }
        #expect(y.shape == given.output)
        #expect(mismatch(y.value, expected, relative: 1e-6) == nil)
        #expect(paddingMismatch(y.value) == nil)
        let gradient = try #require(input.gradient)
        #expect(mismatch(gradient, dx, absolute: 1e-6, relative: 1e-6) == nil)
        #expect(paddingMismatch(gradient) == nil)
    }

    @Test(arguments: PoolingCase.all) func gradientsAgreeWithDifferences(_ given: PoolingCase) throws {
        let x = shuffledTensor(given.input, seed: 62)
        #expect(
            try gradientMismatch(["x": x], step: 0.04, largestCount: 30) {
                $0.pooling($1[0], given.settings)
            } == nil)
    }

    @Test(arguments: [1, 8, 16, 20], testLayouts)
    func globalAverageAgreesWithTheDefinition(_ channels: Int, layout: Layout) throws {
        let x = randomTensor([3, channels, 5, 7], seed: 63)
        let dy = randomTensor([3, channels], seed: 64)
        let tape = Tape()
        let input = Variable(x.with(layout: layout), requiresGradient: true)
        let y = tape.globalAveragePooling(input)
        try tape.backward(from: tape.dot(y, dy))
        let elements = x.elements.map(Double.init)
        let expected = (0..<3 * channels).map { elements[$0 * 35..<($0 + 1) * 35].reduce(0, +) / 35 }
        #expect(y.shape == [3, channels])
        #expect(mismatch(y.value, expected, absolute: 1e-8, relative: 1e-7) == nil)
        let gradient = try #require(input.gradient)
        let dx = (0..<x.count).map { Double(dy.elements[$0 / 35]) / 35 }
        #expect(mismatch(gradient, dx, relative: 1e-6) == nil)
        #expect(paddingMismatch(gradient) == nil)
    }

    @Test(arguments: testLayouts) func globalAverageGradientAgreesWithDifferences(_ layout: Layout) throws {
        let x = randomTensor([2, 20, 3, 2], seed: 65).with(layout: layout)
        #expect(try gradientMismatch(["x": x], step: 0.5) { $0.globalAveragePooling($1[0]) } == nil)
    }

    @Test(arguments: testLayouts) func ofEqualElementsTheFirstCounts(_ layout: Layout) throws {
        // oneDNN, which pools dense maps, begins with the least finite number.
        for value in layout == .dense ? [2] : [2, -Float.infinity] {
            let tape = Tape()
            let input = Variable(
                Tensor(repeating: value, [1, 8, 4, 4]).with(layout: layout), requiresGradient: true)
            let y = tape.pooling(input, .init(.maximum, size: 3, stride: 2, padding: 1))
            #expect(y.value.elements.allSatisfy { $0 == value })
            try tape.backward(from: tape.dot(y, Tensor(repeating: 1, y.shape)))
            let expected: [Double] = [1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            let planes = (0..<8).flatMap { _ in expected }
            #expect(mismatch(try #require(input.gradient), planes, relative: 0) == nil)
        }
    }

    @Test(arguments: [Layout.blocked(8), .blocked(16)]) func notANumberStaysVisible(_ layout: Layout) {
        var elements = randomTensor([1, 16, 5, 5], seed: 66).elements
        elements[12] = .nan
        let x = Tensor([1, 16, 5, 5], elements).with(layout: layout)
        let y = x.pooled(.init(.maximum, size: 3, stride: 2, padding: 1)).elements
        // The middle lies in all four windows around it.
        #expect((0..<y.count).filter { y[$0].isNaN } == [4])
    }
}
