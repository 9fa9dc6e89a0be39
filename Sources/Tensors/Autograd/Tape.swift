/// Records operations as they are computed and walks back through them for the gradients.
///
/// An operation is recorded only where one of its inputs needs a gradient, so that a frozen network costs
/// no memory for its activations. One tape serves one forward and one backward pass:
///
///     let tape = Tape()
///     let loss = tape.crossEntropy(tape.linear(x, weight: w, bias: b), labels: labels, divisor: batch)
///     try tape.backward(from: loss)
///
/// Each operation stands in a file of its own together with its pullback.
public final class Tape {
    private struct Record {
        let output: Variable
        let leaves: [Variable]
        let pullback: (Tensor) throws -> Void
    }

    /// Work of a pullback whose result nothing else in the pass needs.
    private struct Postponed {
        let leaves: [Variable]
        let work: () throws -> Void
        let completed: (Variable) throws -> Void
    }

    private var records: [Record] = []
    /// What the pullback that runs has put off.
    private var offered: (() throws -> Void)?
    /// What an earlier pullback has put off; at most one piece, so that little memory is kept for it.
    private var postponed: Postponed?

    /// False on a tape that never records, for inference.
    public let isRecording: Bool

    /// An empty tape.
    public init(recording: Bool = true) { isRecording = recording }

    // A forward pass that is given up must not leave its leaves waiting for uses that never come.
    deinit {
        for leaves in records.map(\.leaves) + [postponed?.leaves ?? []] {
            for input in leaves { input.pendingUses -= 1 }
        }
    }

    /// Number of operations recorded.
    public var recordCount: Int { records.count }

    /// Wraps the result of an operation and remembers how to pull its gradient back.
    ///
    /// - Parameters:
    ///   - value: What the operation computed.
    ///   - inputs: What it depends on.
    ///   - pullback: Receives the gradient of `value` and calls `accumulate` for the inputs.
    func record(
        _ value: Tensor, from inputs: [Variable], pullback: @escaping (Tensor) throws -> Void
    ) -> Variable {
        let isNeeded = isRecording && inputs.contains { $0.requiresGradient }
        let output = Variable(value, requiresGradient: isNeeded)
        guard isNeeded else { return output }
        let needed = inputs.filter { $0.requiresGradient }
        for input in needed { input.pendingUses += 1 }
        records.append(Record(output: output, leaves: needed, pullback: pullback))
        return output
    }

    /// Puts off work of the pullback that runs, such as the gradient of a weight, which nothing else in the pass
    /// needs: it fills the time in which a later pullback waits for other ranks, or follows that pullback.
    func postpone(_ work: @escaping () throws -> Void) {
        precondition(offered == nil, "a pullback that puts off more than one piece of work")
        offered = work
    }

    /// Does what an earlier pullback has put off, if it was not done yet.
    func runPostponed() throws {
        guard let done = postponed else { return }
        postponed = nil
        try done.work()
        try Self.complete(done.leaves, done.completed)
    }

    private static func complete(
        _ leaves: [Variable], _ completed: (Variable) throws -> Void
    ) throws {
        for input in leaves {
            input.pendingUses -= 1
            if input.pendingUses == 0 { try completed(input) }
        }
    }

    /// Computes the gradients of everything that `objective` depends on, adding to those there.
    ///
    /// The tape is empty afterwards; each operation's memory is released as soon as it was pulled back.
    ///
    /// - Parameters:
    ///   - objective: A scalar of this tape.
    ///   - completed: Called for each variable as soon as its gradient is complete, leaves included: all
    ///     recorded uses of it were pulled back. The order is the same on every rank.
    public func backward(
        from objective: Variable, completed: @escaping (Variable) throws -> Void = { _ in }
    ) throws {
        precondition(objective.value.count == 1, "backward from shape \(objective.shape), not a scalar")
        objective.accumulate(Tensor(repeating: 1, objective.shape))
        while let record = records.popLast() {
            if let gradient = record.output.gradient {
                record.output.clearGradient()
                try record.pullback(gradient)
            }
            try runPostponed()
            if let work = offered {
                offered = nil
                postponed = Postponed(leaves: record.leaves, work: work, completed: completed)
            } else {
                try Self.complete(record.leaves, completed)
            }
        }
        try runPostponed()
    }
}
