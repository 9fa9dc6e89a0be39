import Layers
import Networks
import Regularizers
import Tensors
import TestSupport
import Testing

@Suite struct L2SPTests {
    private let backbone: [Parameter]
    private let head: [Parameter]
    private let network: StagedNetwork

    init() {
        network = StagedNetwork.resNet(.resNet18, baseWidth: 8)
        network.initialize(seed: 1)
        backbone = network.parameters
        let linear = Linear(name: "fc", inputs: 64, outputs: 3)
        linear.initialize(seed: 1)
        head = linear.parameters
    }

    @Test func plainFineTuningPullsNothing() {
        let method = FineTune()
        #expect(backbone.allSatisfy { method.parameterPenalty(on: $0, of: .backbone) == nil })
        #expect(head.allSatisfy { method.parameterPenalty(on: $0, of: .head) == nil })
    }

    @Test func everyParameterOfTheBackboneIsPulledByDefault() throws {
        let method = L2SP(backbone: backbone, tradeOff: 0.1, headTradeOff: 0.01, scope: .all)
        for parameter in backbone {
            let penalty = try #require(method.parameterPenalty(on: parameter, of: .backbone))
            #expect(penalty.strength == 0.1)
            #expect(penalty.anchor?.elements == parameter.variable.value.elements)
            #expect(penalty.value(of: parameter.variable.value) == 0)
        }
    }

    @Test func thePaperPullsKernelsOnly() {
        let method = L2SP(backbone: backbone, tradeOff: 0.1, headTradeOff: 0.01, scope: .weights)
        let pulled = backbone.filter { method.parameterPenalty(on: $0, of: .backbone) != nil }.map(\.name)
        #expect(pulled.count == 20)
        #expect(pulled.allSatisfy { $0.contains("conv") || $0.hasSuffix("downsample.0.weight") })
    }

    @Test func theHeadIsPulledToZero() throws {
        for scope in [L2SP.Scope.all, .weights] {
            let method = L2SP(backbone: backbone, tradeOff: 0.1, headTradeOff: 0.02, scope: scope)
            for parameter in head {
                let penalty = try #require(method.parameterPenalty(on: parameter, of: .head))
                #expect(penalty.strength == 0.02 && penalty.anchor == nil)
            }
        }
    }

    /// The starting point is a copy, which training does not move.
    @Test func theStartingPointStaysWhereItWas() throws {
        let method = L2SP(backbone: backbone, tradeOff: 0.1, headTradeOff: 0.01, scope: .all)
        let parameter = try #require(backbone.first)
        let before = parameter.variable.value.elements
        parameter.variable.value.fill(with: 3)
        let penalty = try #require(method.parameterPenalty(on: parameter, of: .backbone))
        #expect(penalty.anchor?.elements == before)
        let expected = before.reduce(0.0) { $0 + (3 - Double($1)) * (3 - Double($1)) / 2 }
        #expect(mismatch([penalty.value(of: parameter.variable.value)], [expected], relative: 1e-6) == nil)
    }

    @Test func weightDecayAndPullAreApart() throws {
        let w = Tensor([2], [1, -1])
        let momentum = Tensor([2], [0, 0])
        let value = w.descend(
            gradient: Tensor([2], [0, 0]), momentum: momentum,
            step: .init(rate: 0.5, momentum: 0.9, isNesterov: false, weightDecay: 0.1),
            penalty: QuadraticPenalty(strength: 0.2, anchor: Tensor([2], [0, 1])))
        #expect(mismatch([value], [2.5], relative: 1e-7) == nil)
        // 0.2 · (w − anchor) + 0.1 · w
        #expect(mismatch(momentum, [0.3, -0.5], relative: 1e-6) == nil)
        #expect(mismatch(w, [0.85, -0.75], relative: 1e-6) == nil)
    }
}
