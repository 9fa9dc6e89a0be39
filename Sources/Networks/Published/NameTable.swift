public import Layers

/// Names of a network's tensors and what someone else calls them.
public struct NameTable: Sendable {
    /// Whose names they are.
    public let origin: NameOrigin
    /// What that one calls the network's layers, by their names in the network.
    private let layers: [String: String]
    private let isOwn: Bool

    /// The names of a naming for the layers of a network.
    init(_ naming: LayerNaming, of backbone: any Backbone) {
        let own = Self.layerNames(of: backbone)
        origin = naming.origin
        isOwn = naming.layers == nil
        let names = naming.layers ?? own
        precondition(names.count == own.count, "\(names.count) names for \(own.count) layers")
        layers = Dictionary(uniqueKeysWithValues: zip(own, names))
    }

    /// What a tensor of the network is called: `blocks.0.0.conv_dw.weight` may be `_blocks.0._depthwise_conv.weight`.
    public func name(of tensor: String) -> String {
        guard !isOwn, let dot = tensor.lastIndex(of: "."), let layer = layers[String(tensor[..<dot])] else {
            return tensor
        }
        return layer + tensor[dot...]
    }

    /// Layers with parameters, in order, then the classifier.
    static func layerNames(of backbone: any Backbone) -> [String] {
        var names: [String] = []
        for parameter in backbone.parameters {
            let layer = String(
                parameter.name[..<(parameter.name.lastIndex(of: ".") ?? parameter.name.endIndex)])
            if names.last != layer { names.append(layer) }
        }
        return names + [backbone.headName]
    }
}

extension NetworkSpecification {
    /// The names that someone gives to the tensors of a network of this kind; nil where they are not known.
    public func nameTable(of origin: NameOrigin, for backbone: any Backbone) -> NameTable? {
        namings.first { $0.origin == origin }.map { NameTable($0, of: backbone) }
    }
}
