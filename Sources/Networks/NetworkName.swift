/// The networks there are; raw values are configurations' names.
///
/// This is the one table: a network is a case here, a line in `specification`, and a function in its family's file.
public enum NetworkName: String, CaseIterable, Sendable {
    /// Two basic blocks a stage.
    case resnet18
    /// 3, 4, 6 and 3 basic blocks.
    case resnet34
    /// 3, 4, 6 and 3 bottleneck blocks.
    case resnet50
    /// 3, 4, 23 and 3 bottleneck blocks.
    case resnet101
    /// 3, 8, 36 and 3 bottleneck blocks.
    case resnet152
    /// ResNet-50 with 3×3 convolutions in 32 groups of 4 channels.
    case resnext50 = "resnext50-32x4d"
    /// ResNet-50 with twice the channels within its bottlenecks.
    case wideResnet50 = "wide-resnet50-2"
    /// MobileNetV2 of width 1.
    case mobileNetV2 = "mobilenet-v2"
    /// EfficientNet-Lite, the smallest.
    case efficientNetLite0 = "efficientnet-lite0"
    /// EfficientNet-Lite, 1.1 times as deep.
    case efficientNetLite1 = "efficientnet-lite1"
    /// EfficientNet-Lite, 1.1 times as wide, 1.2 times as deep.
    case efficientNetLite2 = "efficientnet-lite2"
    /// EfficientNet-Lite, 1.2 times as wide, 1.4 times as deep.
    case efficientNetLite3 = "efficientnet-lite3"
    /// EfficientNet-Lite, 1.4 times as wide, 1.8 times as deep.
    case efficientNetLite4 = "efficientnet-lite4"

    /// What there is to know about the network, and how it is made.
    public var specification: NetworkSpecification {
        switch self {
        case .resnet18: .resNet(.resNet18)
        case .resnet34: .resNet(.resNet34)
        case .resnet50: .resNet(.resNet50)
        case .resnet101: .resNet(.resNet101)
        case .resnet152: .resNet(.resNet152)
        case .resnext50: .resNet(.resNeXt50)
        case .wideResnet50: .resNet(.wideResNet50)
        case .mobileNetV2: .mobileNetV2
        case .efficientNetLite0: .efficientNetLite(.lite0, imageSize: 224)
        case .efficientNetLite1: .efficientNetLite(.lite1, imageSize: 240)
        case .efficientNetLite2: .efficientNetLite(.lite2, imageSize: 260)
        case .efficientNetLite3: .efficientNetLite(.lite3, imageSize: 280)
        case .efficientNetLite4: .efficientNetLite(.lite4, imageSize: 300)
        }
    }
}
