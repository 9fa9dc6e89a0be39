package import Layers
package import Networks

extension NetworkName {
    /// Names of the stages, by which `method.taps` chooses.
    package var stageNames: [String] { specification.stageNames }
}

extension NetworkConfiguration {
    /// The network that the section describes, its convolutions zero.
    package func makeBackbone() -> any Backbone {
        name.specification.makeBackbone(NetworkOptions(baseWidth: baseWidth, stem: stem))
    }
}
