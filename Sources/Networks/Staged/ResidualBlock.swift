internal import Layers
internal import Tensors

/// A stack of convolutions, to whose result something may be added: `y = activation(f(x) + shortcut(x))`.
struct ResidualBlock<Unit: ConvolutionUnit> {
    /// The block's name in published weights, for example `layer1.0`.
    let name: String
    /// At least one; the shortcut is added behind the last.
    let convolutions: [Unit]
    let shortcut: Shortcut<Unit>

    /// A block of at least one convolution.
    init(name: String, _ convolutions: [Unit], shortcut: Shortcut<Unit>) {
        precondition(!convolutions.isEmpty, "block \(name) without convolutions")
        (self.name, self.convolutions, self.shortcut) = (name, convolutions, shortcut)
    }

    /// The last convolution.
    var last: Unit { convolutions[convolutions.count - 1] }

    /// All convolutions, in the order of published weights.
    var units: [Unit] { convolutions + projection }

    /// What is trained.
    var parameters: [Parameter] { units.flatMap(\.parameters) }

    /// Names under which outputs are offered, in the order of the forward pass.
    var layerNames: [String] { (projection + convolutions).map(\.name) + [name] }

    private var projection: [Unit] { if case .projection(let unit) = shortcut { [unit] } else { [] } }

    /// The block's output.
    ///
    /// - Parameter observe: Told of each convolution with what the block's shortcut adds and with the output of
    ///   the convolution's activation.
    func callAsFunction(
        _ input: Variable, _ context: ForwardContext,
        observe: (Unit, _ shortcut: Variable?, _ output: Variable) -> Void = { _, _, _ in }
    ) throws -> Variable {
        try context.layer(name) {
            let added = try shortcut.added(for: input) { try $0($1, adding: nil, context) }
            return try end(from: 0, input, adding: added, context, observe: observe)
        }
    }

    /// What the convolutions from one on make of its input.
    func end(
        from start: Int, _ input: Variable, adding added: Variable?, _ context: ForwardContext,
        observe: (Unit, _ shortcut: Variable?, _ output: Variable) -> Void = { _, _, _ in }
    ) throws -> Variable {
        var x = input
        for (index, unit) in convolutions.enumerated().dropFirst(start) {
            x = try unit(x, adding: index == convolutions.count - 1 ? added : nil, context)
            observe(unit, added, x)
        }
        context.offer(name, x)
        return x
    }

    /// The same block of other units.
    func map<Other>(_ transform: (Unit) -> Other) -> ResidualBlock<Other> {
        ResidualBlock<Other>(name: name, convolutions.map(transform), shortcut: shortcut.map(transform))
    }
}

extension ResidualBlock: Sendable where Unit: Sendable {}
