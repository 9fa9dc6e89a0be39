import Tensors
import Testing

/// The orders in which feature maps are stored, whatever this processor prefers.
let testLayouts: [Layout] = [.dense, .blocked(8), .blocked(16)]

extension Layout: CustomTestStringConvertible {
    /// As it appears in the name of a test case.
    public var testDescription: String {
        switch self {
        case .dense: "dense"
        case .blocked(let block): "blocks of \(block)"
        case .packed: "packed"
        }
    }
}
