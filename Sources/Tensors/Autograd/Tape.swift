/// Records operations of a forward pass and computes gradients in the backward pass, in reverse order.
///
/// An operation is recorded only where one of its inputs needs a gradient, so that a frozen network costs
/// no memory for its activations. One tape serves one forward and one backward pass:
///
///     let tape = Tape()
///     let loss = tape.crossEntropy(tape.linear(x, weight: w, bias: b), labels: labels, divisor: batch)
///     try tape.backward(from: loss)
///
/// An operation of one's own, in any module, is a function that computes a value and hands `record` its
/// pullback. This one is all there is to `y = x²`:
///
///     extension Tape {
///         func squared(_ input: Variable) -> Variable {
///             let x = input.value.dense()
///             return record(x.combined(with: x) { $0 * $1 }, from: [input]) { gradient in
///                 input.accumulate(gradient.dense().combined(with: x) { 2 * $0 * $1 })
///             }
///         }
///     }
///
/// What a pullback needs of the forward pass it captures; that must not change in place before the backward
/// pass. Each operation stands in a file of its own together with its pullback.
public final class Tape {
    private struct Record {
        let output: Variable
        /// The layer it belongs to; nil without an observer.
        let layer: String?
        let leaves: [Variable]
        /// Takes the gradient of the output.
        let pullback: (Variable) throws -> Void
    }

    /// Work of a pullback whose result nothing else in the pass needs.
    private struct Postponed {
        let leaves: [Variable]
        let layer: String?
        let work: () throws -> Void
        let completed: (Variable) throws -> Void
    }

    private var records: [Record] = []
    /// What the pullback that runs has postponed.
    private var offered: (() throws -> Void)?
    /// What an earlier pullback has postponed; at most one piece, so that little memory is kept for it.
    private var postponed: Postponed?

    /// False on a tape that never records, for inference.
    public let isRecording: Bool

    /// Who is told of layers and operations; nil where nobody is.
    public let observer: (any TapeObserver)?

    /// An empty tape.
    public init(recording: Bool = true, observer: (any TapeObserver)? = nil) {
        (isRecording, self.observer) = (recording, observer)
    }

    // A forward pass that is given up must not leave its leaves waiting for uses that never come.
    deinit {
        for leaves in records.map(\.leaves) + [postponed?.leaves ?? []] {
            for input in leaves { input.pendingUses -= 1 }
        }
    }

    /// Number of operations recorded.
    public var recordCount: Int { records.count }

    /// Wraps the result of an operation and records its pullback.
    ///
    /// Where no input needs a gradient, nothing is recorded and the pullback is never called.
    ///
    /// - Parameters:
    ///   - value: What the operation computed.
    ///   - inputs: Every variable that `value` depends on and `pullback` passes a gradient to. The order in
    ///     which gradients are complete, which is that of communication, follows from it: it must be the same
    ///     on every rank.
    ///   - pullback: Receives the derivative of the objective by `value`, of its shape, in any layout but
    ///     `packed`, and passes each input the product with the operation's own derivative by
    ///     `Variable.accumulate`. It runs once at most. What it throws ends the backward pass.
    /// - Returns: `value` as a variable of this tape.
    public func record(
        _ value: Tensor, from inputs: [Variable], pullback: @escaping (Tensor) throws -> Void
    ) -> Variable {
        record(
            value, from: inputs,
            taking: { output in
                if let gradient = output.takeGradient() { try pullback(gradient) }
            })
    }

    /// The same for a pullback that takes the gradient from the result itself, by `takeGradient`, or before that
    /// `takeAddend`.
    func record(
        _ value: Tensor, from inputs: [Variable], taking pullback: @escaping (Variable) throws -> Void
    ) -> Variable {
        let isNeeded = isRecording && inputs.contains { $0.requiresGradient }
        let output = Variable(value, requiresGradient: isNeeded, isResult: isNeeded)
        guard isNeeded else { return output }
        let needed = inputs.filter { $0.requiresGradient }
        for input in needed { input.pendingUses += 1 }
        records.append(
            Record(output: output, layer: observer?.layer, leaves: needed, pullback: pullback))
        return output
    }

    /// Postpones work of the pullback that runs, such as the gradient of a weight, which nothing else in the
    /// backward pass needs: it fills the time in which a later pullback waits for other ranks, or follows that
    /// pullback. The inputs' gradients count as complete once it has run.
    ///
    /// - Parameter work: Calls `accumulate` for leaves only: the gradient of another operation's result would
    ///   come too late, and traps. A pullback postpones one piece of work at most.
    public func postpone(_ work: @escaping () throws -> Void) {
        precondition(offered == nil, "a pullback postpones more than one piece of work")
        offered = work
    }

    /// Does what an earlier pullback has postponed, if it was not done yet.
    func runPostponed() throws {
        guard let done = postponed else { return }
        postponed = nil
        try observed(done.layer, done.work)
        precondition(
            !done.leaves.contains { $0.isPulledBack && $0.hasGradient },
            "a pullback postponed the gradient of an operation's result: only those of leaves may be")
        try Self.complete(done.leaves, done.completed)
    }

    /// Runs a part of the backward pass of a layer, or of what belongs to none.
    private func observed(_ layer: String?, _ work: () throws -> Void) rethrows {
        guard let observer else { return try work() }
        observer.begin(layer ?? "objective", isBackward: true)
        defer { observer.end() }
        try work()
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
    /// The tape is empty afterwards; each operation's memory is released as soon as its pullback has run.
    ///
    /// - Parameters:
    ///   - objective: A scalar of this tape.
    ///   - completed: Called for each variable as soon as its gradient is complete, leaves included: the
    ///     pullbacks of all its recorded uses have run. The order is the same on every rank.
    public func backward(
        from objective: Variable, completed: @escaping (Variable) throws -> Void = { _ in }
    ) throws {
        precondition(objective.value.count == 1, "backward from shape \(objective.shape), not a scalar")
        objective.accumulate(Tensor(repeating: 1, objective.shape))
        try pullBack(completed: completed)
    }

    /// Runs all pullbacks, from the last to the first, for the gradients that results of this tape have been given.
    func pullBack(completed: @escaping (Variable) throws -> Void = { _ in }) throws {
        while let record = records.popLast() {
            record.output.isPulledBack = true
            if record.output.hasGradient {
                try observed(record.layer) { try record.pullback(record.output) }
            }
            try runPostponed()
            if let work = offered {
                offered = nil
                postponed = Postponed(
                    leaves: record.leaves, layer: record.layer, work: work, completed: completed)
            } else {
                try Self.complete(record.leaves, completed)
            }
        }
        try runPostponed()
    }
}
