import CVectors
import Tensors
import TestSupport
import Testing

/// The passes over blocks of channels give the same bits in the vectors of every processor.
@Suite struct ChannelPassTests {
    /// Numbers of positions, lanes, and whether input and output are narrow.
    struct Case: Sendable, CustomTestStringConvertible {
        let lanes: Int
        let isNarrowX: Bool
        let isNarrowY: Bool

        var testDescription: String {
            "\(lanes) lanes, \(isNarrowX ? "bfloat16" : "float32") to \(isNarrowY ? "bfloat16" : "float32")"
        }

        static let all = [8, 16].flatMap { lanes in
            [false, true].flatMap { x in
                [false, true].map { Case(lanes: lanes, isNarrowX: x, isNarrowY: $0) }
            }
        }
    }

    /// The kinds of processors that this one is, from the oldest on.
    static let processors: [cvectors_processor] = {
        let instructions = MathLibraries.instructions
        if instructions.hasPrefix("AVX-512") { return [cvectors_oldest, cvectors_avx2, cvectors_avx512] }
        return instructions == "AVX2" ? [cvectors_oldest, cvectors_avx2] : [cvectors_oldest]
    }()

    private let positions = 6 * 7

    /// Random numbers of one type as bytes, with a NaN, an infinity and numbers near the bounds of activations.
    private func numbers(_ count: Int, seed: UInt64, isNarrow: Bool) -> [UInt8] {
        var values = randomTensor([count], seed: seed, mean: 1, deviation: 4).elements
        values[3] = .nan
        values[4] = .infinity
        values.replaceSubrange(8..<14, with: [0, -0.0, 6, 5.984375, 0x1p-134, -0x1p-140])
        guard isNarrow else { return values.withUnsafeBytes { Array($0) } }
        return values.flatMap { value in withUnsafeBytes(of: cvectors_bfloat16(value)) { Array($0) } }
    }

    /// What one pass writes on one processor: the map and the sums.
    private struct Result: Equatable {
        var map: [UInt8]
        var sums: [UInt64]
    }

    /// Runs a pass on every processor and expects one result.
    private func expectSameBits(
        _ given: Case, count: Int, isNarrow: Bool,
        _ pass: (cvectors_processor, UnsafeMutableRawPointer, inout [Double]) -> Void
    ) {
        let results = Self.processors.map { processor in
            // Aligned to what is streamed.
            let map = UnsafeMutableRawPointer.allocate(byteCount: count * (isNarrow ? 2 : 4), alignment: 64)
            defer { map.deallocate() }
            map.initializeMemory(as: UInt8.self, repeating: 0, count: count * (isNarrow ? 2 : 4))
            var sums = [Double](repeating: 0, count: 2 * given.lanes)
            pass(processor, map, &sums)
            return Result(
                map: Array(UnsafeRawBufferPointer(start: map, count: count * (isNarrow ? 2 : 4))),
                // The bits of a NaN are not promised.
                sums: sums.map { $0.isNaN ? .max : $0.bitPattern })
        }
        for (processor, result) in zip(Self.processors, results).dropFirst() {
            #expect(result == results[0], "\(given), processor \(processor.rawValue)")
        }
    }

    private func number(_ flag: Bool) -> Int32 { flag ? 1 : 0 }

    @Test(arguments: Case.all, [false, true])
    func normalizationAgrees(_ given: Case, hasResidual: Bool) {
        let count = positions * given.lanes
        let x = numbers(count, seed: 1, isNarrow: given.isNarrowX)
        let residual = numbers(count, seed: 2, isNarrow: given.isNarrowY)
        let constants = randomTensor([5 * given.lanes], seed: 3).elements
        for isStreaming in [false, true] {
            expectSameBits(given, count: count, isNarrow: given.isNarrowY) { processor, map, sums in
                cvectors_moments(
                    processor, Int32(given.lanes), number(given.isNarrowX), x, positions, &sums)
                residual.withUnsafeBytes { residual in
                    cvectors_normalize(
                        processor, Int32(given.lanes), number(given.isNarrowX), number(given.isNarrowY), x,
                        hasResidual ? residual.baseAddress : nil, map, constants, given.lanes, positions, 0,
                        6,
                        number(isStreaming))
                }
            }
        }
    }

    @Test(arguments: Case.all, [0, 1, 2])
    func gradientsOfNormalizationAgree(_ given: Case, mask: Int) {
        let count = positions * given.lanes
        let x = numbers(count, seed: 1, isNarrow: given.isNarrowX)
        let (dy, second, output) = (
            numbers(count, seed: 4, isNarrow: given.isNarrowY),
            numbers(count, seed: 5, isNarrow: given.isNarrowY),
            numbers(count, seed: 6, isNarrow: given.isNarrowY)
        )
        let constants = randomTensor([5 * given.lanes], seed: 3).elements
        output.withUnsafeBytes { output in
            let output = mask == 1 ? output.baseAddress : nil
            expectSameBits(given, count: count, isNarrow: given.isNarrowY) { processor, map, sums in
                cvectors_slope_sums(
                    processor, Int32(given.lanes), number(given.isNarrowX), number(given.isNarrowY), dy,
                    second,
                    output, number(mask == 2), 0, 6, x, map, constants, given.lanes, positions, &sums)
            }
            expectSameBits(given, count: count, isNarrow: given.isNarrowX) { processor, map, _ in
                cvectors_input_gradient(
                    processor, Int32(given.lanes), number(given.isNarrowX), number(given.isNarrowY), dy,
                    output,
                    number(mask == 2), 0, 6, x, map, constants, given.lanes, positions, 0)
            }
        }
    }

    @Test(arguments: [8, 16], [false, true])
    func poolingAgrees(lanes: Int, isNarrow: Bool) {
        let given = Case(lanes: lanes, isNarrowX: isNarrow, isNarrowY: isNarrow)
        var windows = cvectors_windows(
            rows: 6, columns: 7, output_rows: 3, output_columns: 4, size: 3, stride: 2, padding: 1)
        let x = numbers(6 * 7 * lanes, seed: 7, isNarrow: isNarrow)
        let dy = numbers(3 * 4 * lanes, seed: 8, isNarrow: isNarrow)
        var allPlaces: Set<[UInt8]> = []
        expectSameBits(given, count: 6 * 7 * lanes, isNarrow: isNarrow) { processor, map, _ in
            var places = [UInt8](repeating: 0, count: 3 * 4 * lanes)
            cvectors_largest(processor, Int32(lanes), number(isNarrow), x, map, &places, &windows)
            allPlaces.insert(places)
        }
        #expect(allPlaces.count == 1)
        let places = allPlaces.first ?? []
        expectSameBits(given, count: 6 * 7 * lanes, isNarrow: isNarrow) { processor, map, _ in
            cvectors_largest_gradient(
                processor, Int32(lanes), number(isNarrow), dy, places, map, &windows)
        }
    }

    @Test(arguments: [8, 16], [false, true])
    func productsOfFiveColumnsAgree(lanes: Int, isNarrow: Bool) {
        let given = Case(lanes: lanes, isNarrowX: isNarrow, isNarrowY: isNarrow)
        let dy = numbers(3 * 4 * lanes, seed: 9, isNarrow: isNarrow)
        let narrow = numbers(5 * 8 * lanes, seed: 10, isNarrow: isNarrow)
        expectSameBits(given, count: 5 * 8 * lanes, isNarrow: false) { processor, map, sums in
            let x = map.bindMemory(to: Float.self, capacity: 5 * 8 * lanes)
            cvectors_widen(processor, Int32(lanes), number(isNarrow), narrow, x, 5 * 8 * lanes)
            var columns = [Double](repeating: 0, count: 5 * lanes)
            cvectors_add_five_columns(
                processor, Int32(lanes), number(isNarrow), x, 8 * lanes, lanes, dy, 3, 4, &columns)
            for index in columns.indices { sums[index % (2 * lanes)] += columns[index] }
        }
    }
}
