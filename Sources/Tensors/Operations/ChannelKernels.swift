internal import CVectors

/// Loops over feature maps in which each channel has constants of its own.
///
/// Channels of a block lie next to each other, so a vector of eight floats holds eight channels and the
/// constants of a channel sit in the same lane of their vector. Dense storage has one channel at a time.
/// Arrays of channel constants have `paddedChannels` entries; those of padding must map zero to zero.
struct ChannelKernels {
    typealias Vector = SIMD8<Float>
    typealias WideVector = SIMD8<Double>

    let geometry: ChannelGeometry

    /// Two sums a channel over samples and positions, in 64 bits: the first of every channel, then the second.
    ///
    /// There are 2 · C of them whatever the layout: ranks add them up, and one whose processor has wider vectors
    /// pads to more channels.
    func sums<Kernel: ChannelSums>(_ kernel: Kernel) -> [Double] {
        let padded = paddedSums(kernel)
        let count = geometry.paddedChannels
        guard count > geometry.channels else { return padded }
        return Array(padded[..<geometry.channels] + padded[count..<count + geometry.channels])
    }

    /// The same with the channels of padding: sums of each sample first, then over the samples in their order, so that
    /// the result does not depend on threads.
    private func paddedSums<Kernel: ChannelSums>(_ kernel: Kernel) -> [Double] {
        let (lanes, positions, blocks) = (geometry.lanes, geometry.positions, geometry.blocks)
        let (width, items) = (2 * lanes, geometry.samples * blocks)
        let parts = [Double](unsafeUninitializedCapacity: items * width) { buffer, initializedCount in
            guard let parts = buffer.baseAddress else { return }
            parallelRanges(items, weight: geometry.blockStride) { range in
                for item in range {
                    let (start, channel) = (item * geometry.blockStride, item % blocks * lanes)
                    let sums = parts + item * width
                    if lanes > 1 {
                        kernel.block(start, channel, geometry, sums)
                    } else {
                        var (first, second) = (0.0, 0.0)
                        for position in 0..<positions {
                            let (a, b) = kernel.scalar(start + position, channel)
                            first += Double(a)
                            second += b
                        }
                        (sums[0], sums[1]) = (first, second)
                    }
                }
            }
            initializedCount = items * width
        }
        let count = geometry.paddedChannels
        var sums = [Double](repeating: 0, count: 2 * count)
        for item in 0..<items {
            let channel = item % blocks * lanes
            for lane in 0..<lanes {
                sums[channel + lane] += parts[item * width + lane]
                sums[count + channel + lane] += parts[item * width + lanes + lane]
            }
        }
        return sums
    }

    /// Runs a kernel for every element, with its offset and the channel it belongs to.
    func forEach<Kernel: ChannelMap>(_ kernel: Kernel) {
        let (lanes, positions, blocks) = (geometry.lanes, geometry.positions, geometry.blocks)
        parallelRanges(geometry.samples * blocks, weight: geometry.blockStride) { range in
            for item in range {
                let (start, channel) = (item * geometry.blockStride, item % blocks * lanes)
                if lanes > 1 {
                    kernel.block(start, channel, geometry)
                } else {
                    for position in 0..<positions { kernel.scalar(start + position, channel) }
                }
            }
            if kernel.isStreaming { cvectors_finish_streaming() }
        }
    }

    /// Whether a tensor of this shape is written past the caches: it would not stay in them anyway.
    func isStreamed(_ elementType: ElementType) -> Bool {
        geometry.samples * geometry.blocks * geometry.blockStride * elementType.byteCount
            >= Self.streamedBytes
    }

    /// About half of the caches of processors of today, as other tensors want room too.
    private static let streamedBytes = 16 << 20
}

/// What is summed: two numbers of an element. Kernels are types and not closures, so that the compiler makes one
/// loop of each.
protocol ChannelSums {
    /// The sums of one block of channels of a sample, whose elements begin at an offset from the tensors' start: the first
    /// of each lane, then the second. May also write there.
    func block(
        _ start: Int, _ firstChannel: Int, _ geometry: ChannelGeometry, _ sums: UnsafeMutablePointer<Double>)
    /// The addends of one element, in dense storage.
    func scalar(_ offset: Int, _ channel: Int) -> (Float, Double)
}

/// Sums of a formula for eight channels.
protocol VectorSums: ChannelSums {
    /// The addends of eight channels at an offset from the tensors' start.
    func vector(_ offset: Int, _ firstChannel: Int) -> (ChannelKernels.Vector, ChannelKernels.WideVector)
}

extension VectorSums {
    @inline(__always)
    func block(
        _ start: Int, _ firstChannel: Int, _ geometry: ChannelGeometry, _ sums: UnsafeMutablePointer<Double>
    ) {
        let lanes = geometry.lanes
        for group in stride(from: 0, to: lanes, by: 8) {
            var (first, second) = (ChannelKernels.WideVector.zero, ChannelKernels.WideVector.zero)
            for position in 0..<geometry.positions {
                let (a, b) = vector(start + position * lanes + group, firstChannel + group)
                first += ChannelKernels.WideVector(a)
                second += b
            }
            for lane in 0..<8 {
                sums[group + lane] = first[lane]
                sums[lanes + group + lane] = second[lane]
            }
        }
    }
}

/// What is done to each element.
protocol ChannelMap {
    /// Whether the result goes past the caches.
    var isStreaming: Bool { get }
    /// One block of channels of a sample, whose elements begin at an offset from the tensors' start.
    func block(_ start: Int, _ firstChannel: Int, _ geometry: ChannelGeometry)
    /// One element, in dense storage.
    func scalar(_ offset: Int, _ channel: Int)
}

/// A formula for eight channels.
protocol VectorMap: ChannelMap {
    /// Eight channels at an offset from the tensors' start.
    func vector(_ offset: Int, _ firstChannel: Int)
}

extension VectorMap {
    var isStreaming: Bool { false }

    @inline(__always)
    func block(_ start: Int, _ firstChannel: Int, _ geometry: ChannelGeometry) {
        for position in 0..<geometry.positions {
            for group in stride(from: 0, to: geometry.lanes, by: 8) {
                vector(start + position * geometry.lanes + group, firstChannel + group)
            }
        }
    }
}
