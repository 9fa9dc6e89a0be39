import Layers
import Regularizers

extension MethodSettings {
    /// The method that the settings describe.
    ///
    /// - Parameters:
    ///   - classifier: With the weights that the run starts from; equal on all ranks.
    func makeRegularizer(for classifier: Classifier) -> any Regularizer {
        switch self {
        case .fineTune: FineTune()
        case .l2SP(let settings):
            L2SP(
                backbone: classifier.backbone.parameters, tradeOff: settings.tradeOff,
                headTradeOff: settings.headTradeOff,
                scope: settings.scope == .all ? .all : .weights)
        }
    }
}
