import ProcessGroups
import Runs
import Tensors
import Testing

@Suite struct PrecisionChoiceTests {
    @Test func autoTakesBFloat16WhereEveryHostMultipliesIt() {
        let all = PrecisionChoice(.auto, slowHosts: [])
        #expect(all.elementType == .bfloat16)
        #expect(
            all.notices == [
                "precision: bfloat16, as training.precision is auto and every host has AVX512-BF16 or AMX"
            ])
        let one = PrecisionChoice(.auto, slowHosts: ["b"])
        #expect(one.elementType == .float32)
        #expect(
            one.notices == [
                "precision: float32, as training.precision is auto and b is without AVX512-BF16 or AMX"
            ])
        let many = PrecisionChoice(.auto, slowHosts: ["a", "b", "c", "d", "e", "f"])
        #expect(many.notices[0].contains("a, b, c, d and 2 others are without"))
    }

    @Test func whatIsAskedForIsTaken() {
        #expect(PrecisionChoice(.float32, slowHosts: ["a"]).elementType == .float32)
        #expect(PrecisionChoice(.float32, slowHosts: []).notices.isEmpty)
        #expect(PrecisionChoice(.bfloat16, slowHosts: []).notices == ["precision: bfloat16"])
        let slow = PrecisionChoice(.bfloat16, slowHosts: ["a"])
        #expect(slow.elementType == .bfloat16)
        #expect(slow.notices.count == 1 && slow.notices[0].contains("a is without AVX512-BF16 or AMX"))
    }

    @Test func aGroupTakesWhatItsProcessorsHave() throws {
        let choice = try PrecisionChoice(.auto, group: SoloGroup())
        #expect((choice.elementType == .bfloat16) == MathLibraries.multipliesBFloat16)
        #expect(try PrecisionChoice(.float32, group: SoloGroup()).notices.isEmpty)
    }
}
