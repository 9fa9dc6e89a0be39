package import ImageData
package import Layers
package import Networks

/// A network of one of the families, with what the family alone has.
package enum NetworkArchitecture {
    /// A residual network.
    case resNet(ResNet.Architecture)
    /// An EfficientNet-Lite.
    case efficientNetLite(EfficientNetLite.Architecture)
}

extension NetworkConfiguration.Name {
    /// What the name stands for.
    package var architecture: NetworkArchitecture {
        switch self {
        case .resnet18: .resNet(.resNet18)
        case .resnet34: .resNet(.resNet34)
        case .resnet50: .resNet(.resNet50)
        case .resnet101: .resNet(.resNet101)
        case .resnet152: .resNet(.resNet152)
        case .efficientNetLite0: .efficientNetLite(.lite0)
        case .efficientNetLite1: .efficientNetLite(.lite1)
        case .efficientNetLite2: .efficientNetLite(.lite2)
        case .efficientNetLite3: .efficientNetLite(.lite3)
        case .efficientNetLite4: .efficientNetLite(.lite4)
        }
    }

    /// Whether the keys of residual networks, `base-width` and `stem`, belong to the network.
    package var isResNet: Bool { if case .resNet = architecture { true } else { false } }

    /// Names of the stages, by which `method.taps` chooses.
    package var stageNames: [String] {
        switch architecture {
        case .resNet: ResNet.stageNames
        case .efficientNetLite: EfficientNetLite.stageNames
        }
    }

    /// What the pixels that published weights were trained on are normalized by.
    package var normalization: ImageData.Normalization {
        switch architecture {
        case .resNet: .imageNet
        case .efficientNetLite: .symmetric
        }
    }
}

extension NetworkConfiguration {
    /// The network that the names stand for, its convolutions zero.
    package func makeBackbone() -> any Backbone {
        switch name.architecture {
        case .resNet(let architecture):
            let stem: ResNet.Stem =
                switch stem {
                case .standard: .standard
                case .small: .small
                }
            return ResNet(architecture, baseWidth: baseWidth, stem: stem)
        case .efficientNetLite(let architecture):
            return EfficientNetLite(architecture)
        }
    }
}
