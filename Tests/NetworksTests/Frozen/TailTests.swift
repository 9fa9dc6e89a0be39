import Layers
import Networks
import Tensors
import Testing

extension FrozenNetworkTests {
    @Suite("Tail behind a tap")
    struct TailTests {
        /// How a zeroed filter moves the features, found against expected, relative to the largest movement.
        private func relativeErrorOfChange(_ found: Tensor, _ expected: Tensor, from whole: Tensor) -> Float {
            let whole = whole.elements
            return relativeError(
                zip(found.elements, whole).map { $0 - $1 }, zip(expected.elements, whole).map { $0 - $1 })
        }

        @Test("With a zeroed filter it gives what the whole network gives", arguments: NetworkCase.all)
        func tail(_ example: NetworkCase) throws {
            let network = example.network()
            let images = example.images()
            let whole = try network.inferred(images)
            let frozen = network.frozen(keeping: Set(network.taps))
            let states = frozen.states(images, at: Set(network.taps))
            for tap in network.taps {
                let state = try #require(states[tap])
                let before = state.output.elements
                let channels = network.tapChannels(tap)
                var movingFilters = 0
                for channel in [0, 5, channels / 2, channels - 1] {
                    let expected = try network.inferred(images, zeroing: channel, of: tap)
                    let found = frozen.tail(from: tap, state: state, zeroing: channel)
                    #expect(relativeError(found, expected) < 1e-4, "\(tap), channel \(channel)")
                    // Where the filter hardly matters, the change drowns in rounding.
                    guard relativeError(whole, expected) > 1e-3 else { continue }
                    movingFilters += 1
                    let changeError = relativeErrorOfChange(found, expected, from: whole)
                    #expect(changeError < 2e-3, "\(tap), channel \(channel)")
                }
                #expect(movingFilters >= 1, "zeroed filters of \(tap) must matter")
                #expect(state.output.elements == before, "the state of \(tap) was not restored")
            }
        }

        @Test(
            "Where pooling alone follows, only the channel's own feature changes",
            arguments: NetworkCase.resNets)
        func lastStage(_ example: NetworkCase) throws {
            let network = example.network()
            let images = example.images()
            let tap = network.taps[3]
            let whole = try network.inferred(images)
            let frozen = network.frozen(keeping: [tap])
            let state = try #require(frozen.states(images, at: [tap])[tap])
            let changes = try #require(frozen.pooledChanges(state))
            #expect(changes.shape == whole.shape)
            let count = network.featureCount
            for channel in [0, 3, count / 2, count - 1] {
                var expected = whole.elements
                for sample in 0..<3 {
                    expected[sample * count + channel] += changes.elements[sample * count + channel]
                }
                let naive = try network.inferred(images, zeroing: channel, of: tap)
                #expect(relativeError(expected, naive.elements) < 1e-4, "channel \(channel)")
                // The changes themselves, against those of this feature.
                let largest = whole.elements.map { abs($0) }.max() ?? 0
                for sample in 0..<3 {
                    let index = sample * count + channel
                    let change = naive.elements[index] - whole.elements[index]
                    #expect(abs(changes.elements[index] - change) < 1e-4 * largest)
                }
            }
            #expect(changes.elements.contains { $0 > 0 } && changes.elements.contains { $0 < 0 })
        }

        @Test("Where convolutions follow, there is no such shortcut", arguments: NetworkCase.all)
        func earlierStages(_ example: NetworkCase) throws {
            let network = example.network()
            let followed = network is ResNet ? Array(network.taps.dropLast()) : network.taps
            let frozen = network.frozen(keeping: Set(network.taps))
            let states = frozen.states(example.images(), at: Set(followed))
            for tap in followed {
                let state = try #require(states[tap])
                #expect(frozen.pooledChanges(state) == nil, "\(tap)")
            }
        }

        @Test("States hold the observed maps, and only as deep as asked for")
        func states() throws {
            let example = NetworkCase.all[0]
            let network = example.network()
            let taps: Set = [network.taps[0], network.taps[2]]
            let frozen = network.frozen(keeping: Set(network.taps))
            let states = frozen.states(example.images(), at: taps)
            let maps = frozen.features(example.images(), observing: taps).maps
            #expect(Set(states.keys) == taps)
            for tap in taps {
                let state = try #require(states[tap])
                #expect(state.tap == tap)
                #expect(state.map.elements == maps[tap]?.elements)
            }
            #expect(frozen.states(example.images(), at: []).isEmpty)
        }
    }
}
