/// The type of the elements that a tensor's storage holds. The raw values are those of configurations.
///
/// Arithmetic is done in 32 bits whatever the type: kernels widen what they read and round what they write.
public enum ElementType: String, Hashable, Sendable, CaseIterable {
    /// IEEE 754 binary32.
    case float32
    /// The upper half of a binary32: its exponents with 8 bits of mantissa, one of them implied.
    ///
    /// Kalamkar et al., A study of BFLOAT16 for deep learning training, 2019.
    case bfloat16

    /// Bytes an element.
    public var byteCount: Int {
        switch self {
        case .float32: 4
        case .bfloat16: 2
        }
    }
}
