import Layers
import Networks
import Training

extension NetworkConfiguration {
    /// The network that the names stand for, its convolutions zero.
    func makeBackbone() -> any Backbone {
        let stem: ResNet.Stem =
            switch stem {
            case .standard: .standard
            case .small: .small
            }
        let architecture: ResNet.Architecture =
            switch name {
            case .resnet18: .resNet18
            case .resnet34: .resNet34
            case .resnet50: .resNet50
            case .resnet101: .resNet101
            case .resnet152: .resNet152
            }
        return ResNet(architecture, baseWidth: baseWidth, stem: stem)
    }

    /// How batch normalization works in training.
    var normalizationMode: BatchNormalizationMode {
        switch batchNorm {
        case .synchronized: .synchronized
        case .local: .local
        case .frozen: .frozen
        }
    }
}
