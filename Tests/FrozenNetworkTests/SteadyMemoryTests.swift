import Layers
import Networks
import Tensors
import Testing

extension FrozenNetworkTests {
    @Suite("Memory of frozen networks")
    struct SteadyMemoryTests {
        /// Blocks asked of the system in twenty calls after the first. One would do, were there not free
        /// blocks from other tests to hide a leak for a while.
        private func laterAllocations(_ body: () -> Void) -> Int {
            StoragePool.shared.trim()
            body()
            let before = StoragePool.shared.allocationCount
            for _ in 0..<20 { body() }
            return StoragePool.shared.allocationCount - before
        }

        @Test("What is kept shows in the count")
        func counting() {
            let convolution = InferenceConvolution(
                weight: Tensor(repeating: 1, [8, 8, 1, 1]), settings: .init())
            let input = Tensor(repeating: 1, [1, 8, 4, 4])
            var held: [Tensor] = []
            #expect(laterAllocations { held.append(convolution(input)) } >= 20)
        }

        @Test("A second pass asks the system for nothing")
        func steadyState() throws {
            let example = NetworkCase.all[3]
            let network = example.network()
            let taps = Set(network.taps)
            let frozen = network.frozen(keeping: taps)
            let images = example.images()
            #expect(laterAllocations { _ = frozen.features(images, observing: taps) } == 0)
            let states = frozen.states(images, at: taps)
            for tap in network.taps {
                let state = try #require(states[tap])
                #expect(laterAllocations { _ = frozen.tail(from: tap, state: state, zeroing: 1) } == 0)
            }
            let last = try #require(states[network.taps[3]])
            #expect(laterAllocations { _ = frozen.pooledChanges(last) } == 0)
        }
    }
}
