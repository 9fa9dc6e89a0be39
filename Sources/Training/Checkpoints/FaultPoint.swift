/// Where in a step something can be made to go wrong.
public enum FaultPoint: String, Sendable, CaseIterable {
    /// Before the forward pass.
    case forward
    /// Before the backward pass.
    case backward
    /// In the all-reduce of gradients, when half of them are under way and the losses are not.
    case insideAllReduce = "inside-all-reduce"
    /// Before the optimizer moves the parameters.
    case optimizer
    /// Before anything of a checkpoint is on the disk.
    case beforeWrite = "before-write"
    /// When half of a checkpoint's first file is written.
    case halfWritten = "half-written"
    /// When everything is written and nothing flushed.
    case beforeFsync = "before-fsync"
    /// When everything is flushed and the checkpoint has no name yet.
    case beforeRename = "before-rename"
    /// When the checkpoint has its name, before that is flushed.
    case afterRename = "after-rename"

    /// Whether something is written after this point, so that writing can fail.
    var precedesWriting: Bool { self == .beforeWrite || self == .halfWritten }
}

/// What goes wrong.
public enum FaultKind: String, Sendable, CaseIterable {
    /// The process gets SIGKILL, as from the system when memory runs out.
    case sigkill
    /// An error is thrown.
    case `throw`
    /// The thread sleeps for ever.
    case hang
    /// Writing fails from here on as on a full disk.
    case diskFull = "disk-full"
    /// Each write takes fewer bytes than it is given.
    case shortWrite = "short-write"
}

/// A fault of writing, which whoever writes must bring about.
public enum WriteFault: Sendable {
    /// Every write fails with ENOSPC.
    case diskFull
    /// Each write takes about a third of its bytes.
    case shortWrites
}

/// The error of a fault of kind `throw`.
public struct InjectedFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where it was thrown.
    public let point: FaultPoint
    /// Step at which it was thrown.
    public let step: Int
    /// Rank that threw it.
    public let rank: Int

    /// Point, step and rank.
    public var description: String { "injected fault at \(point.rawValue), step \(step), rank \(rank)" }
}
