package import Layers
package import Regularizers
internal import Tensors

/// What a method may be made from.
package struct MethodIngredients {
    /// With the weights that the run starts from; equal on all ranks.
    package let classifier: Classifier
    /// The classifier of the pretrained network, where the method asks for it.
    package let sourceHead: Linear?
    /// Another backbone of the same kind.
    package let makeBackbone: () -> any Backbone
    /// Named tensors to start from.
    package let initialState: [NamedTensor]
    /// The run's seed.
    package let seed: UInt64

    /// What a method may be made from.
    package init(
        classifier: Classifier, sourceHead: Linear?, makeBackbone: @escaping () -> any Backbone,
        initialState: [NamedTensor], seed: UInt64
    ) {
        (self.classifier, self.sourceHead, self.makeBackbone) = (classifier, sourceHead, makeBackbone)
        (self.initialState, self.seed) = (initialState, seed)
    }
}

extension MethodSettings {
    /// Whether the method uses the classifier of the pretrained network.
    package var needsSourceHead: Bool {
        switch self {
        case .lwf, .coTuning: true
        case .fineTune, .l2SP, .delta, .biTuning, .bss: false
        }
    }

    /// The method that the settings describe.
    ///
    /// - Throws: `UsageError`, the same on every rank, where an initial state does not fit.
    package func makeRegularizer(from ingredients: MethodIngredients) throws -> any Regularizer {
        let backbone = ingredients.classifier.backbone
        switch self {
        case .fineTune: return FineTune()
        case .l2SP(let settings):
            return L2SP(
                backbone: backbone.parameters, tradeOff: settings.tradeOff,
                headTradeOff: settings.headTradeOff,
                scope: settings.scope == .all ? .all : .weights)
        case .delta(let settings):
            return DELTA(
                taps: settings.taps.map(backbone.tap(named:)),
                features: settings.features == .plain ? .plain : .attention(file: settings.attentionFile),
                tradeOff: settings.tradeOff, headTradeOff: settings.headTradeOff)
        case .lwf(let settings):
            return LWF(
                head: try ingredients.existingSourceHead, tradeOff: settings.tradeOff,
                temperature: settings.temperature, trainsHead: settings.trainsSourceHead,
                headOnlyEpochs: settings.warmUpEpochs)
        case .coTuning(let settings):
            return CoTuning(
                head: try ingredients.existingSourceHead, tradeOff: settings.tradeOff,
                learning: settings.learning)
        case .biTuning(let settings):
            return try BiTuning(
                classifier: ingredients.classifier, keyBackbone: ingredients.makeBackbone(),
                settings: .init(
                    tradeOff: settings.tradeOff, temperature: settings.temperature,
                    queueLength: settings.queueLength, keyMomentum: settings.keyMomentum,
                    projectionDimension: settings.projectionDimension),
                initialState: ingredients.initialState, seed: ingredients.seed)
        case .bss(let settings):
            guard settings.singularValues <= backbone.featureCount else {
                throw UsageError(
                    "method.singular-values is \(settings.singularValues), the network has only \(backbone.featureCount) features"
                )
            }
            return BSS(tradeOff: settings.tradeOff, count: settings.singularValues)
        }
    }
}

extension MethodIngredients {
    /// The pretrained network's classifier, which the caller has seen to.
    fileprivate var existingSourceHead: Linear {
        get throws {
            guard let sourceHead else {
                throw UsageError("the method needs the classifier of the pretrained network")
            }
            return sourceHead
        }
    }
}

extension CoTuningSettings {
    /// How the relationship is learned.
    package var learning: CoTuning.Learning {
        switch relationship {
        case .direct: .direct
        case .reverse: .reverse(sourceLogitScale: sourceLogitScale ?? 1)
        }
    }
}
