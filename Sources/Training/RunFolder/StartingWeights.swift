package import Layers
package import Tensors

/// The kernels and weight matrices of a backbone as the run started from them, to tell how far they have moved.
///
/// They are copies, 4 bytes a number, that rank 0 alone keeps, for parameters are equal on all ranks; what a method keeps
/// of them is used and not copied again. A run that goes on has read the same weights anew, or drawn the same random
/// numbers, before it takes those of its checkpoint: no checkpoint holds a starting point.
package struct StartingWeights {
    private struct Layer {
        let parameter: Parameter
        let start: Tensor
        let norm: Double
    }

    private let layers: [Layer]

    /// The weights as they are now.
    ///
    /// - Parameters:
    ///   - backbone: The pretrained part, at its starting point.
    ///   - kept: Copies of parameters by their names, which nothing changes.
    package init(of backbone: any Backbone, sharing kept: [String: Tensor] = [:]) {
        layers = backbone.parameters.filter { $0.role == .weight }.map { parameter in
            let start = kept[parameter.name] ?? parameter.variable.value.dense().duplicate()
            return Layer(parameter: parameter, start: start, norm: start.squaredNorm.squareRoot())
        }
    }

    /// How far each of them is from there now.
    package func distances() -> [LayerDistance] {
        layers.map { layer in
            let half = QuadraticPenalty(strength: 1, anchor: layer.start).value(
                of: layer.parameter.variable.value.dense())
            return LayerDistance(
                layer.parameter.name, distance: (2 * half).squareRoot(), startingNorm: layer.norm)
        }
    }
}
