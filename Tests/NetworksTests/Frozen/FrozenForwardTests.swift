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
            let taps = network.defaultTaps
            let expected = try network.features(Variable(example.images()), .inference, observing: taps)
            let found = try network.frozen(keeping: taps).features(example.images(), observing: taps)
            #expect(relativeError(found.features, expected.features.value) < 1e-4)
            #expect(found.outputs.count == taps.count)
            for (tap, (map, expectedMap)) in zip(taps, zip(found.outputs, expected.outputs)) {
                #expect(relativeError(map, expectedMap.value) < 1e-4, "\(tap)")
            }
        }

        @Test("So are the features where no tap or some are kept", arguments: NetworkCase.all)
        func fewTaps(_ example: NetworkCase) throws {
            let network = example.network()
            let expected = try network.inferred(example.images())
            let folded = try network.frozen(keeping: [])
            #expect(folded.featureCount == network.featureCount)
            #expect(relativeError(try folded.features(example.images()), expected) < 1e-4)
            let taps = network.defaultTaps
            let some = try network.frozen(keeping: [taps[1], taps[3]])
            let found = try some.features(example.images(), observing: [taps[3]])
            #expect(relativeError(found.features, expected) < 1e-4)
            #expect(found.outputs.count == 1)
            #expect(throws: LayerNameError.self) { try some.features(example.images(), observing: [taps[0]]) }
        }

        @Test("Later training of the network does not change the copy")
        func independence() throws {
            let example = NetworkCase.all[1]
            let network = example.network()
            let taps = network.defaultTaps
            let frozen = try network.frozen(keeping: [taps[0], taps[2]])
            // Before its first pass, when weights might still be packed from shared memory, and after it.
            let before = try network.inferred(example.images())
            for round in 1...2 {
                for parameter in network.parameters {
                    let values = parameter.variable.value
                    values.withMutableElements { for index in $0.indices { $0[index] *= 1.25 } }
                    parameter.variable.valueDidChange()
                }
                for (name, tensor) in network.buffers.tensors {
                    tensor.fill(with: name.hasSuffix("mean") ? Float(round) : 0.5)
                }
                let now = try frozen.features(example.images())
                #expect(relativeError(now, before) < 1e-4)
                #expect(relativeError(try network.inferred(example.images()), before) > 0.1)
            }
            let anew = try network.frozen(keeping: taps).features(example.images())
            #expect(relativeError(anew, try network.inferred(example.images())) < 1e-4)
        }

        @Test("Batches of several sizes share the weights")
        func batchSizes() throws {
            let example = NetworkCase.all[0]
            let network = example.network()
            let frozen = try network.frozen(keeping: [])
            let images = example.images()
            let expected = try network.inferred(images)
            for rows in [0..<3, 1..<2, 0..<2, 0..<3] {
                let found = try frozen.features(images.rows(rows).duplicate())
                #expect(relativeError(found, expected.rows(rows)) < 1e-4, "\(rows)")
            }
        }
    }
}
