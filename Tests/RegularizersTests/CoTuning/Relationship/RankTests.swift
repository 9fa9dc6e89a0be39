import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

/// What several ranks compute together is what one computes alone.
@Suite(.timeLimit(.minutes(5))) struct RankTests {
    private let training = madeUpSamples(count: 90, classCount: 5, sourceClassCount: 13, seed: 1)
    private let validation = madeUpSamples(count: 31, classCount: 5, sourceClassCount: 13, seed: 2)

    @Test(arguments: [2, 3, 5]) func directDoesNotDependOnRanks(_ size: Int) throws {
        let alone = try direct(training, numberedNames(5), size: 1)[0]
        let together = try direct(training, numberedNames(5), size: size)
        for found in together {
            #expect(largestDifference(found.probabilities, alone.probabilities) <= 1e-6)
            #expect(found.probabilities.elements == together[0].probabilities.elements)
        }
    }

    @Test(arguments: [2, 3, 19]) func reverseHasTheSameBitsOnAnyRanks(_ size: Int) throws {
        let alone = try reverse(training, validation, numberedNames(5), size: 1)[0]
        for found in try reverse(training, validation, numberedNames(5), size: size) {
            #expect(found.probabilities.elements == alone.probabilities.elements)
            #expect(found.regression == alone.regression)
        }
    }

    @Test func missingClassesAreNamed() throws {
        let samples = Samples(Tensor(repeating: 0, [4, 3]), [0, 2, 2, 0])
        let names = ["cat", "dog", "eel", "fox"]
        let expected = RelationshipError.emptyClasses(["dog", "fox"])
        #expect(expected.exitCode == 65)
        #expect(expected.description.contains("\"dog\", \"fox\""))
        let failure = CollectiveFailure(message: expected.description, exitCode: 65)
        for size in [1, 2, 3] {
            #expect(throws: failure) { try direct(samples, names, size: size) }
            #expect(throws: failure) { try reverse(samples, samples, names, size: size) }
        }
    }

    @Test func aClassMayBeMissingInValidation() throws {
        let part = Samples(validation.logits.rows(0..<3), [0, 1, 2])
        let found = try reverse(training, part, numberedNames(5), size: 2)[0]
        #expect(found.probabilities.elements.allSatisfy { $0.isFinite && $0 >= 0 })
    }

    @Test func twoClassesAreNoSpecialCase() throws {
        let binary = madeUpSamples(count: 40, classCount: 2, sourceClassCount: 6, seed: 3)
        let found = try reverse(binary, binary, numberedNames(2), size: 2)[0]
        let (first, second) = (found.probabilities.elements[0..<6], found.probabilities.elements[6..<12])
        // Even source classes were made to belong to class 0, odd ones to class 1.
        for (column, pair) in zip(first, second).enumerated() {
            #expect((pair.0 > pair.1) == column.isMultiple(of: 2))
        }
    }

    @Test func noValidationIsAnError() throws {
        let none = Samples(Tensor([0, 13], []), [])
        #expect(
            throws: CollectiveFailure(
                message: RelationshipError.emptyValidation.description, exitCode: 65)
        ) { try reverse(training, none, numberedNames(5), size: 2) }
    }

    @Test func damagedLogitsAreErrorsOnEveryRank() throws {
        var elements = training.logits.elements
        elements[70 * 13 + 4] = .nan
        let damaged = Samples(Tensor(training.logits.shape, elements), training.labels)
        let thrown = #expect(throws: CollectiveFailure.self) {
            try reverse(damaged, validation, numberedNames(5), size: 3)
        }
        #expect(thrown?.message.contains("training sample 70 is not finite") == true)
        #expect(thrown?.exitCode == 65)
        let alone = #expect(throws: CollectiveFailure.self) {
            try direct(damaged, numberedNames(5), size: 3)
        }
        #expect(alone?.message.contains("is not finite") == true)
    }

    @Test func wrongLabelsTrap() async {
        await #expect(processExitsWith: .failure) {
            _ = try Relationship.direct(
                logits: Tensor(repeating: 0, [1, 3]), labels: [2], classNames: ["a", "b"],
                group: SoloGroup())
        }
    }
}
