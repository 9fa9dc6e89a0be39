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
            // Convolutions at the end of a block, in its middle and at its beginning.
            let taps = network.defaultTaps + example.otherTaps
            let frozen = try #require(try network.frozen(keeping: taps) as? any ChannelAblatable)
            #expect(frozen.ablatableLayers == taps)
            let states = try frozen.states(images, at: taps)
            for tap in taps {
                let state = try #require(states[tap])
                let before = state.output.elements
                let channels = try #require(network.channelCount(of: tap))
                var movingFilters = 0
                for channel in [0, 5, channels / 2, channels - 1] {
                    let expected = try network.inferred(images, zeroing: channel, of: tap)
                    let found = try frozen.tail(from: state, zeroing: channel)
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
            let tap = network.defaultTaps[3]
            let whole = try network.inferred(images)
            let frozen = try #require(try network.frozen(keeping: [tap]) as? any ChannelAblatable)
            let state = try #require(try frozen.states(images, at: [tap])[tap])
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
            let taps = network.defaultTaps + example.otherTaps
            let followed = taps.filter { !example.isResNet || $0 != network.defaultTaps.last }
            let frozen = try #require(try network.frozen(keeping: taps) as? any ChannelAblatable)
            let states = try frozen.states(example.images(), at: followed)
            for tap in followed {
                let state = try #require(states[tap])
                #expect(frozen.pooledChanges(state) == nil, "\(tap)")
            }
        }

        @Test("States hold the observed maps, and only as deep as asked for")
        func states() throws {
            let example = NetworkCase.all[0]
            let network = example.network()
            let taps = [network.defaultTaps[0], network.defaultTaps[2]]
            let frozen = try #require(
                try network.frozen(keeping: network.defaultTaps) as? any ChannelAblatable)
            let states = try frozen.states(example.images(), at: taps)
            let maps = try frozen.features(example.images(), observing: taps).outputs
            #expect(Set(states.keys) == Set(taps))
            for (tap, map) in zip(taps, maps) {
                let state = try #require(states[tap])
                #expect(state.layer == tap)
                #expect(state.map.elements == map.elements)
            }
            #expect(try frozen.states(example.images(), at: []).isEmpty)
        }
    }
}
