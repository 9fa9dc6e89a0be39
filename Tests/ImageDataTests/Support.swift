internal import Foundation
import ImageData
import Testing

/// The path of a file in `Fixtures`.
func fixture(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/\(name)")
        .path
}

/// An IDX file of the given extents and elements.
func idx(_ extents: [Int], _ elements: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0, 0, 8, UInt8(extents.count)]
    for extent in extents { bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: extent >> $0) } }
    return bytes + elements
}

/// Files of Debian's package dataset-fashion-mnist.
enum FashionMNIST {
    static let train = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
    static let test = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
}

/// A data set without a file: pixel p of sample i, view v has the value `1000·i + 100·v + p`, plus row and
/// column of its placement, negative where it is mirrored.
struct MemoryDataset: ImageDataset {
    let path = "memory"
    let labels: [Int]
    var failing: Set<Int> = []
    var hasSecondView = true
    var takesTransforms = true
    let channels = 1
    let height = 2
    let width = 2
    var count: Int { labels.count }
    var classCount: Int { (labels.max() ?? -1) + 1 }
    var fingerprint: UInt64 { UInt64(count) }

    func label(_ index: Int) -> Int { labels[index] }

    func write(
        _ index: Int, view: ImageView, placement: ImagePlacement, into pixels: inout MutableSpan<Float>
    ) throws(DataError) {
        if failing.contains(index) { throw DataError(.format, path: path, "sample \(index) is damaged") }
        let base = 1000 * index + 100 * view.rawValue + 10 * placement.firstRow + placement.firstColumn
        for offset in 0..<pixels.count {
            pixels[offset] = Float((placement.isMirrored ? -1 : 1) * (base + offset))
        }
    }
}

/// Labels with `counts[k]` samples of class k, spread out.
func labels(_ counts: [Int]) -> [Int] {
    var labels: [Int] = []
    for round in 0..<(counts.max() ?? 0) {
        for (label, count) in counts.enumerated() where round < count { labels.append(label) }
    }
    return labels
}
