import Layers

/// The tensors that a file of published weights has of a network, but for the classifier.
func publishedNames(of network: any Backbone) -> [String] {
    network.parameters.map(\.name) + network.buffers.map(\.name)
}
