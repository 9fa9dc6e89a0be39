internal import ImageData
internal import ModelFiles
internal import Tensors

/// What the numbers of `initial-state` may be.
package enum InitialValues {
    /// No head, projection or key is larger by far. From about the square root of the largest 32-bit float on the first
    /// logits overflow, and the run would seem to diverge.
    private static let largest: Float = 1e6

    /// Throws unless all numbers of a file are moderate.
    ///
    /// - Throws: `DataError` (65) with tensor, place and number; what the file throws.
    package static func require(_ path: String) throws {
        let file = try SafetensorsFile(contentsOf: path)
        for name in file.names where !file.holdsIntegers(name) {
            let values = try file.tensor(name).elements
            // Also where it is not a number.
            guard let place = values.firstIndex(where: { !(abs($0) <= largest) }) else { continue }
            throw DataError(
                .format, path: path,
                "element \(place) of tensor '\(name.excerpt)' is \(values[place]); expected numbers of at most \(largest)"
            )
        }
    }
}
