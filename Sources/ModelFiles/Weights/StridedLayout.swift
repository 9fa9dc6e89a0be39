/// Where the elements of an array lie among those of a storage: element `i, j, …` at
/// `offset + i · strides[0] + j · strides[1] + …`.
struct StridedLayout: Equatable, Sendable {
    let offset: Int
    let sizes: [Int]
    let strides: [Int]
    /// Number of elements of the array.
    let count: Int

    /// More dimensions than any tensor of a network has.
    static let largestRank = 16

    /// The layout, or nil where it is negative somewhere, has too many dimensions, or reaches beyond the storage.
    init?(offset: Int, sizes: [Int], strides: [Int], within storageCount: Int) {
        guard sizes.count == strides.count, sizes.count <= Self.largestRank, offset >= 0,
            sizes.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 })
        else { return nil }
        var count = 1
        var last = offset
        for (size, stride) in zip(sizes, strides) {
            let (product, tooMany) = count.multipliedReportingOverflow(by: size)
            let (reach, tooWide) = max(size - 1, 0).multipliedReportingOverflow(by: stride)
            let (sum, tooFar) = last.addingReportingOverflow(reach)
            guard !tooMany, !tooWide, !tooFar else { return nil }
            (count, last) = (product, sum)
        }
        // An array without elements reads nothing.
        guard count == 0 || last < storageCount else { return nil }
        (self.offset, self.sizes, self.strides, self.count) = (offset, sizes, strides, count)
    }

    /// Row-major order from the first element of a storage on. The product of the sizes must not overflow.
    init(contiguous sizes: [Int]) {
        var (step, strides) = (1, sizes)
        for place in sizes.indices.reversed() {
            strides[place] = step
            // Overflows only where the array has no elements.
            step &*= sizes[place]
        }
        (offset, self.sizes, self.strides, count) = (0, sizes, strides, sizes.reduce(1, *))
    }

    /// Calls `body` for runs of elements at equal distances, in row-major order.
    func forEachRun(_ body: (_ start: Int, _ stride: Int, _ count: Int) -> Void) {
        guard count > 0 else { return }
        var merged: [(size: Int, stride: Int)] = []
        for (size, stride) in zip(sizes, strides) where size != 1 {
            if let outer = merged.last, outer.stride == size * stride {
                merged[merged.count - 1] = (outer.size * size, stride)
            } else {
                merged.append((size, stride))
            }
        }
        guard let inner = merged.popLast() else { return body(offset, 1, 1) }
        var position = [Int](repeating: 0, count: merged.count)
        var start = offset
        while true {
            body(start, inner.stride, inner.size)
            var place = merged.count - 1
            while place >= 0 {
                position[place] += 1
                start += merged[place].stride
                if position[place] < merged[place].size { break }
                start -= merged[place].size * merged[place].stride
                position[place] = 0
                place -= 1
            }
            if place < 0 { return }
        }
    }
}
