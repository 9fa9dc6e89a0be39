import Tensors
import Testing

@Suite struct ElementTypeTests {
    @Test func tensorsHoldFloatsOfFourBytes() {
        let tensor = Tensor(repeating: 1, [2, 3])
        #expect(tensor.elementType == .float32 && tensor.rows(0..<1).elementType == .float32)
        #expect(ElementType.float32.byteCount == MemoryLayout<Float>.size)
    }
}
