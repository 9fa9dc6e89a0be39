/// The element types that a safetensors header may name.
///
/// Types that take less than a byte an element are left out: no published classifier uses them.
enum SafetensorsElementType: String, Sendable {
    case boolean = "BOOL"
    case unsigned8 = "U8"
    case signed8 = "I8"
    case unsigned16 = "U16"
    case signed16 = "I16"
    case unsigned32 = "U32"
    case signed32 = "I32"
    case unsigned64 = "U64"
    case signed64 = "I64"
    case float8E4M3 = "F8_E4M3"
    case float8E5M2 = "F8_E5M2"
    case float8E4M3FNUZ = "F8_E4M3FNUZ"
    case float8E5M2FNUZ = "F8_E5M2FNUZ"
    case float8E8M0 = "F8_E8M0"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case float32 = "F32"
    case float64 = "F64"

    /// Bytes an element.
    var byteCount: Int {
        switch self {
        case .boolean, .unsigned8, .signed8, .float8E4M3, .float8E5M2, .float8E4M3FNUZ, .float8E5M2FNUZ,
            .float8E8M0:
            1
        case .unsigned16, .signed16, .float16, .bfloat16: 2
        case .unsigned32, .signed32, .float32: 4
        case .unsigned64, .signed64, .float64: 8
        }
    }

    /// Whether elements are whole numbers; booleans are 0 and 1.
    var isInteger: Bool {
        switch self {
        case .boolean, .unsigned8, .signed8, .unsigned16, .signed16, .unsigned32, .signed32, .unsigned64,
            .signed64:
            true
        case .float8E4M3, .float8E5M2, .float8E4M3FNUZ, .float8E5M2FNUZ, .float8E8M0, .float16, .bfloat16,
            .float32, .float64:
            false
        }
    }
}
