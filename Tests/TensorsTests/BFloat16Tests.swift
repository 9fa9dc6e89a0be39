import Tensors
import TestSupport
import Testing

/// The tensor as the narrower type holds it.
func rounded(_ tensor: Tensor) -> Tensor { tensor.converted(to: .bfloat16) }

/// Half of the distance of two neighbours, relative to them, and a little for sums in another order.
let roundingTolerance = 1.0 / 256

@Suite struct BFloat16Tests {
    /// The definition: of the two neighbours the nearer, of two that are as near the one with an even last place.
    private static func nearest(_ value: Float) -> Float {
        guard value.isFinite else { return value }
        let lower = Float(bitPattern: value.bitPattern & 0xFFFF_0000)
        let upper = Float(bitPattern: (value.bitPattern & 0xFFFF_0000) &+ 0x1_0000)
        let (below, above) = (
            abs(Double(value) - Double(lower)),
            abs((upper.isFinite ? Double(upper) : 0x1p128 * (value < 0 ? -1 : 1)) - Double(value))
        )
        if below != above { return below < above ? lower : upper }
        return lower.bitPattern & 0x1_0000 == 0 ? lower : upper
    }

    private static let values: [Float] = {
        let special: [Float] = [
            0, -0.0, 1, 1 + 0x1p-8, 1 + 0x1p-7 + 0x1p-8, 1 + 0x1p-8 + 0x1p-20, -1 - 0x1p-8, 0x1p-133,
            0x1p-134,
            0x1.8p-134, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
            .infinity,
            -.infinity, 0x1.FEp127, 0x1.FF8p127,
        ]
        let random = randomTensor([1000], seed: 1).elements
        return special + random + random.map { $0 * 1e30 } + random.map { $0 * 1e-38 }
    }()

    /// A count that is no multiple of eight, so that vectors and single elements are both rounded.
    @Test func numbersAreRoundedToTheNearest() {
        for shift in 0..<8 {
            let values = Array(Self.values.dropFirst(shift))
            let tensor = Tensor([values.count], values).converted(to: .bfloat16)
            #expect(tensor.elementType == .bfloat16)
            #expect(tensor.elements.map(\.bitPattern) == values.map { Self.nearest($0).bitPattern })
        }
    }

    @Test func notANumberStaysThat() {
        let patterns: [UInt32] = [0x7F80_0001, 0xFF80_0001, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x7FC0_0000]
        let values = (patterns + patterns + patterns).map(Float.init(bitPattern:))
        let found = Tensor([15], values).converted(to: .bfloat16).elements
        #expect(found.allSatisfy { $0.isNaN })
    }

    @Test func layoutsKeepTheElementsAndTheirType() {
        let tensor = rounded(randomTensor([2, 20, 3, 5], seed: 2))
        for first in testLayouts {
            for second in testLayouts {
                let moved = tensor.with(layout: first).with(layout: second)
                #expect(moved.elementType == .bfloat16 && moved.layout == second)
                #expect(moved.elements == tensor.elements)
                #expect(paddingMismatch(moved) == nil)
            }
        }
        #expect(tensor.dense().elementType == .float32 && tensor.duplicate().elementType == .bfloat16)
    }

    /// Of a gradient that comes to another the sum is rounded, and not the addend before.
    @Test func gradientsOfBranchesAreAdded() throws {
        let (first, second) = (randomTensor([2, 20, 3, 5], seed: 3), randomTensor([2, 20, 3, 5], seed: 4))
        for layout in testLayouts {
            let tape = Tape()
            let x = Variable(rounded(first).with(layout: layout), requiresGradient: true)
            let sum = tape.add(tape.dot(x, first), tape.dot(x, second))
            try tape.backward(from: sum)
            let gradient = try #require(x.gradient)
            #expect(gradient.elementType == .bfloat16)
            let wide = Tensor(
                first.shape, zip(first.elements, rounded(second).elements).map { $0 + $1 })
            #expect(gradient.elements == rounded(wide).elements)
        }
    }

    @Test func whereTypesDifferTheGradientHasTheValues() throws {
        let tape = Tape()
        let x = Variable(randomTensor([2, 8, 3, 3], seed: 5), requiresGradient: true)
        let narrow = tape.converted(x, to: .bfloat16)
        #expect(narrow.value.elementType == .bfloat16)
        let dy = randomTensor([2, 8, 3, 3], seed: 6)
        try tape.backward(from: tape.dot(narrow, dy))
        let gradient = try #require(x.gradient)
        #expect(gradient.elementType == .float32 && gradient.elements == rounded(dy).elements)
    }

    @Test func addingAndScalingRoundTheResult() throws {
        let (a, b) = (
            rounded(randomTensor([2, 20, 3, 5], seed: 7)), rounded(randomTensor([2, 20, 3, 5], seed: 8))
        )
        let tape = Tape(recording: false)
        for layout in testLayouts {
            let sum = tape.add(Variable(a.with(layout: layout)), Variable(b)).value
            #expect(sum.elementType == .bfloat16 && sum.layout == layout)
            let wide = Tensor(a.shape, zip(a.elements, b.elements).map { $0 + $1 })
            #expect(sum.elements == rounded(wide).elements)
        }
        let scaled = tape.scaled(Variable(a), by: 0.3).value
        #expect(scaled.elements == rounded(Tensor(a.shape, a.elements.map { 0.3 * $0 })).elements)
    }
}
