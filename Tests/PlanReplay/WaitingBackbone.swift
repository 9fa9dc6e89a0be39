import Layers
import Runs
import Tensors

/// A network that computes nothing: it waits as long as a measured step computed, exchanges the same small messages, and
/// has gradients of the same sizes at the same moments.
final class WaitingBackbone: Backbone {
    /// What a step does between two moments.
    private enum Action {
        case wait(Double)
        case sum(Int)
        /// A sum that waits overlap with.
        case sumDuring(Int, Double)
    }

    let parameters: [Parameter]
    let featureCount = 1
    let headName = "fc"
    let layerNames: [String] = []
    /// Seconds behind the all-reduce of gradients.
    let rest: Double

    private var forward: [Action] = []
    /// Before each gradient, in the order of the backward pass, and what it is of.
    private var backward: [(actions: [Action], parameter: Parameter)] = []
    /// Before the all-reduce of gradients is waited for.
    private var last: [Action] = []

    init(_ trace: StepTrace) {
        var actions: [Action] = []
        var overlapping: (bytes: Int, seconds: Double)?
        var isForward = true
        var isOver = false
        var rest = 0.0
        /// Gradients that are complete within the overlap count as complete behind it.
        var waiting: [Int] = []
        for interval in trace.intervals {
            if isOver {
                rest += interval.seconds
                continue
            }
            if overlapping != nil {
                overlapping?.seconds += interval.seconds
            } else {
                actions.append(.wait(interval.seconds))
            }
            switch interval.event {
            case .sum(let bytes): actions.append(.sum(bytes))
            case .sumBegun(let bytes): overlapping = (bytes, 0)
            case .sumAwaited:
                if let sum = overlapping { actions.append(.sumDuring(sum.bytes, sum.seconds)) }
                overlapping = nil
            case .ready(let bytes): waiting.append(bytes)
            case .gradientsAwaited: isOver = true
            case .gather, .broadcast, .end: break
            }
            guard overlapping == nil, let bytes = waiting.isEmpty ? nil : waiting.reduce(0, +) else {
                continue
            }
            waiting = []
            if isForward {
                (forward, actions, isForward) = (actions, [], false)
            }
            let parameter = Parameter(name: "gradient.\(backward.count)", shape: [bytes / 4])
            backward.append((actions, parameter))
            actions = []
        }
        (last, self.rest) = (actions, rest)
        // The buffer of gradients is in the reverse order.
        parameters = backward.reversed().map(\.parameter)
    }

    func initialize(seed: UInt64) {}

    func copy() -> any Backbone { self }

    func features(_ images: Variable, _ context: ForwardContext) throws -> Variable {
        try Self.run(forward, context)
        let rows = Tensor(repeating: 1, [images.shape[0], 1])
        var output = Variable(rows)
        // What comes first in the backward pass is recorded last.
        for (index, (actions, parameter)) in backward.enumerated().reversed() {
            let input = output
            let gradient = Tensor(repeating: 1e-3, parameter.shape)
            let end = index == backward.count - 1 ? last : []
            output = context.tape.record(rows, from: [input, parameter.variable]) { passed in
                // The time to store the gradient is part of the wait.
                let start = ContinuousClock.now
                parameter.variable.accumulate(gradient)
                try Self.run(actions + end, context, since: start)
                input.accumulate(passed)
            }
        }
        return output
    }

    private static func run(
        _ actions: [Action], _ context: ForwardContext, since begin: ContinuousClock.Instant = .now
    ) throws {
        var start = begin
        for action in actions {
            switch action {
            case .wait(let seconds): Wait.until(start + .seconds(seconds))
            case .sum(let bytes):
                var values = [Double](repeating: 0, count: bytes / 8)
                try context.reducer?.allReduce(&values)
            case .sumDuring(let bytes, let seconds):
                var values = [Double](repeating: 0, count: bytes / 8)
                try context.reducer?.allReduce(&values) { Wait.until(.now + .seconds(seconds)) }
            }
            start = .now
        }
    }
}
