import Layers
import Networks
import Tensors
import TestSupport
import Testing

/// Networks whose feature maps have 8 bits of mantissa.
@Suite struct PrecisionTests {
    /// Channels of padding, groups, and depthwise convolutions.
    private static let cases = [
        NetworkCase.resNets[2], NetworkCase.resNets[4], NetworkCase.efficientNets[0],
    ]

    private static func network(_ example: NetworkCase, _ precision: ElementType) throws -> StagedNetwork {
        let network = try #require(example.network() as? StagedNetwork)
        network.precision = precision
        return network
    }

    @Test(arguments: cases)
    func featuresAreThoseOf32BitsToTheRoundingOfMaps(_ example: NetworkCase) throws {
        let expected = try Self.network(example, .float32).inferred(example.images())
        let found = try Self.network(example, .bfloat16).inferred(example.images())
        #expect(found.elementType == .float32)
        #expect(found.elements != expected.elements)
        #expect(relativeError(found, expected) < 0.05)
    }

    /// What a method compares with starts from no difference at all.
    @Test(arguments: cases)
    func aFrozenCopyGivesTheBitsOfTheNetwork(_ example: NetworkCase) throws {
        let network = try Self.network(example, .bfloat16)
        let taps = network.defaultTaps + example.otherTaps
        let context = ForwardContext(tape: Tape(), normalization: .frozen)
        let trained = try network.features(Variable(example.images()), context, observing: taps)
        let frozen = try network.frozen(keeping: taps).features(example.images(), observing: taps)
        #expect(frozen.features.elements == trained.features.value.elements)
        for (tap, (map, other)) in zip(taps, zip(frozen.outputs, trained.outputs)) {
            #expect(map.elementType == .float32 && other.value.elementType == .float32, "\(tap)")
            #expect(map.elements == other.value.elements, "\(tap)")
        }
    }

    /// Observed or not, what a convolution hands on is rounded where a map is written, so that features differ by
    /// rounding alone.
    @Test func copiesKeepThePrecision() throws {
        let network = try Self.network(Self.cases[0], .bfloat16)
        let copy = try #require(network.copy() as? StagedNetwork)
        #expect(copy.precision == .bfloat16)
        let images = Self.cases[0].images()
        #expect(try copy.inferred(images).elements == network.inferred(images).elements)
        let map = try network.featureMap(Variable(images), .inference)
        #expect(map.value.elementType == .bfloat16)
        let options = NetworkOptions(baseWidth: 8, precision: .bfloat16)
        let made = NetworkName.resnet18.specification.makeBackbone(options) as? StagedNetwork
        #expect(made?.precision == .bfloat16)
    }

    /// Zeroing a filter of a frozen copy is what zeroing it in the weights is.
    @Test func filtersAreZeroed() throws {
        let example = Self.cases[0]
        let network = try Self.network(example, .bfloat16)
        let taps = network.defaultTaps
        let frozen = try #require(try network.frozen(keeping: taps) as? any ChannelAblatable)
        let states = try frozen.states(example.images(), at: taps)
        let reference = try frozen.features(example.images(), observing: taps).features.elements
        for tap in taps {
            let found = try frozen.tail(from: try #require(states[tap]), zeroing: 3)
            let weight = try #require(network.parameters.first { $0.name == tap + ".weight" })
            let before = weight.variable.value.duplicate()
            let size = weight.count / weight.shape[0]
            weight.variable.value.withMutableElements { for index in 0..<size { $0[3 * size + index] = 0 } }
            weight.variable.valueDidChange()
            let expected = try network.features(Variable(example.images()), .inference, observing: taps)
                .features
            #expect(relativeError(found, expected.value) < 0.02)
            #expect(found.elements != reference)
            weight.variable.assign(before)
        }
    }

    /// Gradients of parameters are those of 32 bits, as near as the rounding of maps lets them be.
    @Test(arguments: [cases[0], cases[2]])
    func gradientsFollowThoseOf32Bits(_ example: NetworkCase) throws {
        func gradients(_ precision: ElementType) throws -> [Tensor] {
            let network = try Self.network(example, precision)
            let tape = Tape()
            let context = ForwardContext(tape: tape, normalization: .frozen)
            let features = try network.features(Variable(example.images()), context)
            try tape.backward(from: tape.dot(features, randomTensor(features.shape, seed: 60)))
            return try network.parameters.map { try #require($0.variable.gradient).dense() }
        }
        let (found, expected) = (try gradients(.bfloat16), try gradients(.float32))
        func norm(_ tensors: [Tensor]) -> Double { tensors.reduce(0) { $0 + $1.squaredNorm }.squareRoot() }
        let differences = zip(found, expected).map { $0.combined(with: $1) { $0 - $1 } }
        #expect(found.allSatisfy { $0.elementType == .float32 })
        // Roundings of many layers without an activation add up.
        #expect(
            norm(differences) < (example.isResNet ? 0.1 : 0.25) * norm(expected),
            "\(norm(differences)) of \(norm(expected))")
    }

    /// The pool belongs to the process, so this runs in one of its own.
    @Test func aSteadyStepAsksTheSystemForNothing() async {
        await #expect(processExitsWith: .success) {
            let example = Self.cases[2]
            let network = try Self.network(example, .bfloat16)
            let images = example.images()
            func step() throws {
                let tape = Tape()
                let context = ForwardContext(tape: tape, normalization: .local)
                let features = try network.features(Variable(images), context)
                try tape.backward(from: tape.dot(features, Tensor(repeating: 1, features.shape)))
                for parameter in network.parameters {
                    parameter.variable.clearGradient()
                    parameter.variable.valueDidChange()
                }
            }
            for _ in 0..<2 { try step() }
            StoragePool.shared.trim()
            try step()
            let before = StoragePool.shared.allocationCount
            for _ in 0..<5 { try step() }
            #expect(StoragePool.shared.allocationCount == before)
        }
    }
}
