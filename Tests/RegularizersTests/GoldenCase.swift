import ModelFiles
import Tensors
import TestSupport
import Testing

/// Inputs and expected outputs of one term, of the reference library.
struct GoldenCase {
    private let file: SafetensorsFile

    init(_ name: String) throws { file = try SafetensorsFile(contentsOf: goldenPath(name + ".safetensors")) }

    func input(_ name: String) throws -> Tensor { try file.tensor("input." + name) }

    func integers(_ name: String) throws -> [Int] { try file.integers(name) }

    /// Compares with the tensor of that name: each element within 1e-5 of itself and of the largest one.
    ///
    /// The second part is for elements in which larger ones cancel, where the reference rounded to 32 bits.
    func mismatch(_ actual: Tensor?, _ name: String) throws -> String? {
        let expected = try file.tensor(name)
        guard let actual else { return "no \(name)" }
        let largest = expected.elements.map { abs(Double($0)) }.max() ?? 0
        return TestSupport.mismatch(actual, expected, absolute: 1e-5 * largest, relative: 1e-5).map {
            "\(name): \($0)"
        }
    }
}

/// Consecutive ranges of the given lengths.
func slices(_ counts: [Int]) -> [Range<Int>] {
    counts.indices.map { index in
        let first = counts[..<index].reduce(0, +)
        return first..<first + counts[index]
    }
}

/// How the tests spread samples over 1, 2 and 3 ranks: evenly nowhere but on one.
func unevenShares(of count: Int) -> [[Int]] {
    [[count], [count - 2, 2], [1, count - 3, 2]]
}
