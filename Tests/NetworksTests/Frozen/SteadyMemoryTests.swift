import Layers
import Networks
import Tensors
import Testing

extension FrozenNetworkTests {
    /// The pool belongs to the process, so these run in processes of their own.
    @Suite("Memory of frozen networks")
    struct SteadyMemoryTests {
        /// Blocks asked of the system in twenty calls after the first. One would do, were there not free
        /// blocks to hide a leak for a while.
        private static func laterAllocations(_ body: () throws -> Void) rethrows -> Int {
            StoragePool.shared.trim()
            try body()
            let before = StoragePool.shared.allocationCount
            for _ in 0..<20 { try body() }
            return StoragePool.shared.allocationCount - before
        }

        @Test("What is kept shows in the count")
        func counting() async {
            await #expect(processExitsWith: .success) {
                let convolution = InferenceConvolution(
                    weight: Tensor(repeating: 1, [8, 8, 1, 1]), settings: .init())
                let input = Tensor(repeating: 1, [1, 8, 4, 4])
                var held: [Tensor] = []
                #expect(Self.laterAllocations { held.append(convolution(input)) } >= 20)
            }
        }

        @Test("A second pass asks the system for nothing")
        func steadyState() async {
            await #expect(processExitsWith: .success) {
                for example in [NetworkCase.resNets[3], NetworkCase.efficientNets[0]] {
                    let network = example.network()
                    let taps = network.defaultTaps
                    let frozen = try #require(
                        try network.frozen(keeping: taps) as? any ChannelAblatable)
                    let images = example.images()
                    #expect(
                        try Self.laterAllocations { _ = try frozen.features(images, observing: taps) } == 0)
                    let states = try frozen.states(images, at: taps)
                    for tap in taps {
                        let state = try #require(states[tap])
                        #expect(
                            try Self.laterAllocations { _ = try frozen.tail(from: state, zeroing: 1) }
                                == 0)
                    }
                    let last = try #require(taps.last.flatMap { states[$0] })
                    #expect(Self.laterAllocations { _ = frozen.pooledChanges(last) } == 0)
                }
            }
        }
    }
}
