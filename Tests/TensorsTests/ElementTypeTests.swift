import Tensors
import Testing

@Suite struct ElementTypeTests {
    @Test func tensorsHoldFloatsOfFourBytesUnlessConverted() {
        let tensor = Tensor(repeating: 1, [2, 3])
        #expect(tensor.elementType == .float32 && tensor.rows(0..<1).elementType == .float32)
        #expect(ElementType.float32.byteCount == MemoryLayout<Float>.size)
        #expect(ElementType.bfloat16.byteCount == 2)
        let narrow = tensor.converted(to: .bfloat16)
        #expect(narrow.elementType == .bfloat16 && narrow.rows(1..<2).elements == [1, 1, 1])
    }
}
