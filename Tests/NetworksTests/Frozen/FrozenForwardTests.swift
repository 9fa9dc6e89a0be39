import Layers
import Networks
import Tensors
import Testing

extension FrozenNetworkTests {
    @Suite("Frozen forward pass")
    struct FrozenForwardTests {
        @Test("Features and maps are those of the ordinary network", arguments: NetworkCase.all)
        func equality(_ example: NetworkCase) throws {
            let network = example.network()
            let taps = Set(network.taps)
            let expected = try network.features(Variable(example.images()), .inference, observing: taps)
            let found = network.frozen(keeping: taps).features(example.images(), observing: taps)
            #expect(relativeError(found.features, expected.features.value) < 1e-4)
            #expect(Set(found.maps.keys) == taps)
            for tap in network.taps {
                let map = try #require(found.maps[tap])
                let expectedMap = try #require(expected.maps[tap]?.value)
                #expect(relativeError(map, expectedMap) < 1e-4, "\(tap)")
            }
        }

        @Test("So are the features where no tap or some are kept", arguments: NetworkCase.all)
        func fewTaps(_ example: NetworkCase) throws {
            let network = example.network()
            let expected = try network.inferred(example.images())
            let folded = network.frozen(keeping: [])
            #expect(folded.featureCount == network.featureCount)
            #expect(relativeError(folded.features(example.images(), observing: []).features, expected) < 1e-4)
            let some = network.frozen(keeping: [network.taps[1], network.taps[3]])
            let found = some.features(example.images(), observing: [network.taps[3]])
            #expect(relativeError(found.features, expected) < 1e-4)
            #expect(Array(found.maps.keys) == [network.taps[3]])
        }

        @Test("Later training of the network does not change the copy")
        func independence() throws {
            let example = NetworkCase.all[1]
            let network = example.network()
            let taps = Set(network.taps)
            let frozen = network.frozen(keeping: [network.taps[0], network.taps[2]])
            // Before its first pass, when weights might still be packed from shared memory, and after it.
            let before = try network.inferred(example.images())
            for round in 1...2 {
                for parameter in network.parameters {
                    let values = parameter.variable.value
                    values.withMutableElements { for index in $0.indices { $0[index] *= 1.25 } }
                    parameter.variable.valueDidChange()
                }
                for layer in network.normalizations {
                    layer.runningMean.fill(with: Float(round))
                    layer.runningVariance.fill(with: 0.5)
                }
                let now = frozen.features(example.images(), observing: []).features
                #expect(relativeError(now, before) < 1e-4)
                #expect(relativeError(try network.inferred(example.images()), before) > 0.1)
            }
            let anew = network.frozen(keeping: taps).features(example.images(), observing: []).features
            #expect(relativeError(anew, try network.inferred(example.images())) < 1e-4)
        }

        @Test("Batches of several sizes share the weights")
        func batchSizes() throws {
            let example = NetworkCase.all[0]
            let network = example.network()
            let frozen = network.frozen(keeping: [])
            let images = example.images()
            let expected = try network.inferred(images)
            for rows in [0..<3, 1..<2, 0..<2, 0..<3] {
                let found = frozen.features(images.rows(rows).duplicate(), observing: []).features
                #expect(relativeError(found, expected.rows(rows)) < 1e-4, "\(rows)")
            }
        }
    }
}
