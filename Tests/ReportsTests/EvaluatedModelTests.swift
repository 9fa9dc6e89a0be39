internal import Foundation
import Reports
import Testing

/// The page of a model that was evaluated by itself.
@Suite struct EvaluatedModelTests {
    private static func evaluated(_ change: (inout EvaluatedModel) -> Void = { _ in }) -> EvaluatedModel {
        var record = RunFixture.record(classes: RunFixture.hostileNames)
        (record.split, record.method) = ("evaluation", nil)
        (record.queues, record.attention) = (nil, nil)
        var evaluated = EvaluatedModel(
            model: "runs/<first>", data: "photos/\u{202E}test", record: record, accuracy: 0.5,
            meanClassAccuracy: 0.25, loss: 0.75, count: 10)
        change(&evaluated)
        return evaluated
    }

    private func outline(_ evaluated: EvaluatedModel) throws -> PageOutline {
        try PageOutline(String(decoding: RunReport(evaluated).html(), as: UTF8.self))
    }

    /// What a run's page shows of predictions, and nothing of steps.
    @Test func itShowsPredictionsAndNoSteps() throws {
        let found = try outline(
            Self.evaluated {
                ($0.network, $0.modelDigest, $0.viewCount) = ("resnet18", "abc", 10)
                $0.warnings = ["<b>beware</b>"]
            })
        #expect(found.texts("h1") == ["<first> on \\u{202E}test"])
        #expect(found.texts("dt").first == "Accuracy, evaluation split")
        #expect(found.texts("dd").first == "50.00 %23.7 % to 76.3 % (95 %, Wilson); 10 samples")
        #expect(
            found.all("section").map { $0.attributes["id"] } == [
                "result", "errors", "pairs", "matrix", "classes", "calibration", "features", "labels",
            ])
        #expect(found.texts("li").contains("<b>beware</b>"))
        let facts = found.texts("code")
        #expect(facts.starts(with: ["runs/<first>", "photos/\\u{202E}test"]))
        #expect(facts.contains { $0.hasPrefix("10; their probabilities are averaged") })
        #expect(facts.contains("resnet18") && facts.contains("abc"))
        let text = try #require(found.texts("body").first)
        #expect(!text.contains("metrics.jsonl") && !text.contains("Configuration, as resolved"))
        #expect(text.contains("Written by `ballast evaluate`"))
    }

    /// Of outputs that are not finite nothing is made up.
    @Test func numbersThatAreNoneAreDashes() throws {
        let found = try outline(
            Self.evaluated { evaluated in
                evaluated.loss = .nan
                evaluated.record.pictures?[0].prediction = -1
                evaluated.record.pictures?[0].probability = .nan
                evaluated.record.pictures?[0].labelProbability = .nan
            })
        #expect(found.texts("dd").contains("–mean cross-entropy"))
        #expect(found.texts("b").contains { $0.hasSuffix(" taken for no class") })
        #expect(found.texts("span").contains("outputs not finite"))
    }
}
