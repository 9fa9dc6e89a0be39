/// How large a pickle may grow, whatever it says: a checkpoint of a large network with its optimizer stays far
/// below. Together they bound memory at about 200 MB and time at a few seconds.
enum PickleLimits {
    /// Bytes of the pickle itself, which holds names and numbers, but no elements of tensors.
    static let bytes = 64 << 20
    /// Values, places of the memo and places on the stack, each.
    static let values = 1 << 21
    static let tensors = 1 << 17
    static let globals = 1 << 12
    /// Bytes of the name of a class or function.
    static let nameBytes = 256
    /// Elements that are copied from one collection to another.
    static let copies = 1 << 23
}
