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

    /// Vectors in one position of a block; 0 for dense storage.
    private var groups: Int { geometry.lanes / 8 }

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

    /// The same with the channels of padding.
    private func paddedSums<Kernel: ChannelSums>(_ kernel: Kernel) -> [Double] {
        let count = geometry.paddedChannels
        let (lanes, positions, groups) = (geometry.lanes, geometry.positions, groups)
        return [Double](unsafeUninitializedCapacity: 2 * count) { buffer, initializedCount in
            let sums = buffer
            parallelRanges(geometry.blocks, weight: geometry.samples * geometry.blockStride) { range in
                for block in range {
                    for group in 0..<max(groups, 1) {
                        let channel = block * lanes + group * 8
                        var (first, second) = (WideVector.zero, WideVector.zero)
                        var (scalarFirst, scalarSecond) = (0.0, 0.0)
                        for sample in 0..<geometry.samples {
                            let start =
                                (sample * geometry.blocks + block) * geometry.blockStride + group * 8
                            if groups > 0 {
                                for position in 0..<positions {
                                    let (a, b) = kernel.vector(start + position * lanes, channel)
                                    first += WideVector(a)
                                    second += b
                                }
                            } else {
                                for position in 0..<positions {
                                    let (a, b) = kernel.scalar(start + position, channel)
                                    scalarFirst += Double(a)
                                    scalarSecond += b
                                }
                            }
                        }
                        if groups > 0 {
                            for lane in 0..<8 {
                                sums[channel + lane] = first[lane]
                                sums[count + channel + lane] = second[lane]
                            }
                        } else {
                            sums[channel] = scalarFirst
                            sums[count + channel] = scalarSecond
                        }
                    }
                }
            }
            initializedCount = 2 * count
        }
    }

    /// Runs a kernel for every element, with its offset and the channel it belongs to.
    func forEach<Kernel: ChannelMap>(_ kernel: Kernel) {
        let (lanes, positions, groups) = (geometry.lanes, geometry.positions, groups)
        parallelRanges(geometry.samples * geometry.blocks, weight: geometry.blockStride) { range in
            for item in range {
                let channel = item % geometry.blocks * lanes
                let start = item * geometry.blockStride
                if groups == 2 {
                    for position in 0..<positions {
                        kernel.vector(start + position * 16, channel)
                        kernel.vector(start + position * 16 + 8, channel + 8)
                    }
                } else if groups == 1 {
                    for position in 0..<positions { kernel.vector(start + position * 8, channel) }
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
    /// The addends of eight channels at an offset from the tensors' start. May also write there.
    func vector(_ offset: Int, _ firstChannel: Int) -> (ChannelKernels.Vector, ChannelKernels.WideVector)
    /// The same formula for one channel.
    func scalar(_ offset: Int, _ channel: Int) -> (Float, Double)
}

/// What is done to each element.
protocol ChannelMap {
    /// Whether the result goes past the caches.
    var isStreaming: Bool { get }
    /// Eight channels at an offset from the tensors' start.
    func vector(_ offset: Int, _ firstChannel: Int)
    /// The same formula for one channel.
    func scalar(_ offset: Int, _ channel: Int)
}

extension ChannelMap {
    var isStreaming: Bool { false }
}
