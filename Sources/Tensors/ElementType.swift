/// The type of the elements that a tensor's storage holds.
///
/// Kernels, oneDNN's descriptors and files ask for it, so that another type has one place to begin at.
public enum ElementType: Hashable, Sendable {
    /// IEEE 754 binary32.
    case float32

    /// Bytes an element.
    public var byteCount: Int {
        switch self {
        case .float32: 4
        }
    }
}
