internal import Layers
internal import Tensors

/// A staged network for inference, made by `StagedNetwork.frozen(keeping:)`.
final class FrozenStagedNetwork: ChannelAblatable, Sendable {
    let featureCount: Int
    let layerNames: [String]
    private let poolingName: String
    private let layers: StagedLayers<FrozenConvolution>

    init(
        featureCount: Int, poolingName: String, layerNames: [String], layers: StagedLayers<FrozenConvolution>
    ) {
        (self.featureCount, self.poolingName) = (featureCount, poolingName)
        (self.layerNames, self.layers) = (layerNames, layers)
    }

    func features(
        _ images: Tensor, observing names: [String]
    ) throws -> (features: Tensor, outputs: [Tensor]) {
        try LayerNameError.check(names, among: layerNames)
        let (features, outputs) = try ForwardContext.inference.observing(names) { context in
            let features = context.tape.globalAveragePooling(try layers(Variable(images), context))
            context.offer(poolingName, features)
            return features
        }
        return (features.value, outputs.map(\.value))
    }

    var ablatableLayers: [String] { layerNames.filter { position(of: $0) != nil } }

    func states(_ images: Tensor, at names: [String]) throws -> [String: ChannelState] {
        try LayerNameError.check(names, among: ablatableLayers)
        guard let deepest = names.compactMap({ position(of: $0)?.block }).max() else { return [:] }
        var found: [(unit: FrozenConvolution, shortcut: Variable?, output: Variable)] = []
        let (_, maps) = try ForwardContext.inference.observing(names) { context in
            var x = try layers.beginning(Variable(images), context)
            for block in layers.blocks[...deepest] {
                x = try block(x, context) { unit, shortcut, output in
                    if names.contains(unit.name) { found.append((unit, shortcut, output)) }
                }
            }
        }
        let mapOfName = Dictionary(uniqueKeysWithValues: zip(names, maps))
        return Dictionary(
            uniqueKeysWithValues: found.compactMap { unit, shortcut, output in
                mapOfName[unit.name].map { map in
                    let state = ChannelState(
                        layer: unit.name, map: map.value, shortcut: shortcut?.value, output: output.value)
                    return (unit.name, state)
                }
            })
    }

    func tail(from state: ChannelState, zeroing channels: [Int]) throws -> Tensor {
        precondition(!channels.isEmpty, "no filter of \(state.layer)")
        // Zeroing a filter changes one channel behind its activation. It is rewritten for what follows.
        let place = place(of: state)
        let zeroed = channels.map { channel in
            place.normalization.zeroed(
                channel: channel, of: state.map.shape, residual: place.isLast ? state.shortcut : nil,
                activation: place.activation)
        }
        guard channels.count > 1 else {
            // In place, and put back bit by bit.
            let original = state.output.channel(channels[0])
            defer { state.output.replaceChannel(channels[0], with: original) }
            state.output.replaceChannel(channels[0], with: zeroed[0])
            return try features(behind: place, state.output, adding: state.shortcut)
        }
        let output = state.output.repeated(channels.count)
        for (copy, channel) in channels.enumerated() {
            output.replaceChannel(
                channel, with: zeroed[copy], firstSample: copy * state.output.shape[0])
        }
        return try features(
            behind: place, output, adding: place.isLast ? nil : state.shortcut?.repeated(channels.count))
    }

    /// What the layers behind a convolution's activation make of its output.
    private func features(
        behind place: Place, _ output: Tensor, adding shortcut: Tensor?
    ) throws -> Tensor {
        let context = ForwardContext.inference
        var x = try layers.blocks[place.block].end(
            from: place.convolution + 1, Variable(output), adding: shortcut.map { Variable($0) }, context)
        for block in layers.blocks.dropFirst(place.block + 1) { x = try block(x, context) }
        return context.tape.globalAveragePooling(try layers.ending(x, context)).value
    }

    func pooledChanges(_ state: ChannelState) -> Tensor? {
        let place = place(of: state)
        guard layers.last == nil, place.isLast, place.block == layers.blocks.count - 1,
            let shortcut = state.shortcut
        else { return nil }
        return place.normalization.pooledChanges(
            output: state.output, residual: shortcut, activation: place.activation)
    }

    /// Where a convolution of the blocks stands, by its block and its number there.
    private func position(of name: String) -> (block: Int, convolution: Int)? {
        for (block, contents) in layers.blocks.enumerated() {
            if let convolution = contents.convolutions.firstIndex(where: { $0.name == name }) {
                return (block, convolution)
            }
        }
        return nil
    }

    /// Where a kept convolution stands, what follows it, and whether the block's shortcut is added there.
    private struct Place {
        let block: Int
        let convolution: Int
        let isLast: Bool
        let normalization: FixedNormalization
        let activation: Activation
    }

    private func place(of state: ChannelState) -> Place {
        guard let (block, convolution) = position(of: state.layer) else {
            preconditionFailure("a state of another network: \(state.layer) is not in this one")
        }
        let convolutions = layers.blocks[block].convolutions
        guard case .separate(_, let normalization, let activation) = convolutions[convolution].form else {
            preconditionFailure("\(state.layer) was not kept, only \(layerNames)")
        }
        return Place(
            block: block, convolution: convolution, isLast: convolution == convolutions.count - 1,
            normalization: normalization, activation: activation)
    }
}
