import Regularizers
import Tensors
import TestSupport
import Testing

/// Both methods against the reference, over one rank and over several with uneven shares.
@Suite struct GoldenTests {
    @Test(arguments: [1, 2, 3]) func directMatchesTheReference(_ size: Int) throws {
        let file = try golden("co-tuning-relationship-direct")
        let samples = Samples(try file.tensor("input.logits"), try file.integers("input.labels"))
        let expected = try file.tensor("output.relationship")
        for found in try direct(samples, numberedNames(4), size: size) {
            #expect(largestDifference(found.probabilities, expected) <= 1e-5)
            #expect(found.method == .direct && found.regression == nil)
        }
    }

    @Test(arguments: [1, 2, 3]) func reverseMatchesTheReference(_ size: Int) throws {
        let file = try golden("co-tuning-relationship-reverse")
        let training = Samples(
            try file.tensor("input.train_logits"), try file.integers("input.train_labels"))
        let validation = Samples(
            try file.tensor("input.validation_logits"), try file.integers("input.validation_labels"))
        let expected = try file.tensor("output.relationship")
        let found = try reverse(
            training, validation, numberedNames(4), scale: 0.884_045_660_495_758_1, size: size)
        for relationship in found {
            // The file's tolerance is 1e-3; at the true optimum it is reproduced to rounding.
            #expect(largestDifference(relationship.probabilities, expected) <= 1e-5)
            #expect(relationship.method == .reverse)
            let regression = try #require(relationship.regression)
            #expect(regression.strength == 3)
            #expect(regression.validationAccuracy == 31.0 / 48)
            #expect(abs(regression.scale - 1.293_872_5) <= 1e-6)
        }
    }
}
