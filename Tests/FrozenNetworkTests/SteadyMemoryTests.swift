import Layers
import Networks
import Tensors
import Testing

/// Every other test of this process takes memory from the same pool, so the pool is asked again where others
/// may have been at work in between: some round must ask for nothing.
@Suite("Memory of frozen networks")
struct SteadyMemoryTests {
    private func leastAllocations(_ body: () -> Void) -> Int {
        body()
        return (0..<50).map { _ in
            let before = StoragePool.shared.allocationCount
            body()
            return StoragePool.shared.allocationCount - before
        }.min() ?? .max
    }

    @Test("A second pass asks the system for nothing")
    func steadyState() throws {
        let example = NetworkCase.all[3]
        let network = example.network()
        let taps = Set(network.taps)
        let frozen = network.frozen(keeping: taps)
        let images = example.images()
        #expect(leastAllocations { _ = frozen.features(images, observing: taps) } == 0)
        let states = frozen.states(images, at: taps)
        for tap in network.taps {
            let state = try #require(states[tap])
            #expect(leastAllocations { _ = frozen.tail(from: tap, state: state, zeroing: 1) } == 0)
        }
        let last = try #require(states[network.taps[3]])
        #expect(leastAllocations { _ = frozen.pooledChanges(last) } == 0)
    }
}
