internal import Foundation
import Reports
import Testing

@Suite struct ReportRecordTests {
    /// What stands in the file, key by key; what does not apply is absent.
    @Test func theFileHasTheKeysThatReadersKnow() throws {
        var record = ReportRecord(method: "delta")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        #expect(try String(decoding: encoder.encode(record), as: UTF8.self) == #"{"method":"delta"}"#)
        (record.split, record.samples, record.classes) = ("test", 2, ["a", "b"])
        record.confusion = [.init(truth: 0, prediction: 1, count: 2)]
        record.calibration = [.init(low: 0, high: 0.5, count: 2, confidence: 0.25, accuracy: 0)]
        record.expectedCalibrationError = 0.25
        record.pictures = [
            .init(
                sample: "a/1.jpg", label: 0, prediction: 1, probability: 0.5, labelProbability: 0.25,
                thumbnail: "AA==")
        ]
        (record.worst, record.best, record.suspectLabels) = ([0], [], [0])
        record.confused = [.init(truth: 0, prediction: 1, count: 2, pictures: [0])]
        record.features = [.init(x: 0.5, y: -1, label: 1)]
        record.queues = .init(features: [.init(x: 1, y: 2, label: 0)], projections: [])
        record.attention = [
            .init(tap: "layer1", weights: [0.75, 0.25], pictures: [.init(picture: 0, heat: [[0, 1]])])
        ]
        let text = """
            {"attention":[{"pictures":[{"heat":[[0,1]],"picture":0}],"tap":"layer1","weights":[0.75,0.25]}],\
            "best":[],"calibration":[{"accuracy":0,"confidence":0.25,"count":2,"high":0.5,"low":0}],\
            "classes":["a","b"],"confused":[{"count":2,"pictures":[0],"prediction":1,"truth":0}],\
            "confusion":[[0,1,2]],"expected-calibration-error":0.25,"features":[[0.5,-1,1]],"method":"delta",\
            "pictures":[{"label":0,"label-probability":0.25,"prediction":1,"probability":0.5,\
            "sample":"a\\/1.jpg","thumbnail":"AA=="}],"queues":{"features":[[1,2,0]],"projections":[]},\
            "samples":2,"split":"test","suspect-labels":[0],"worst":[0]}
            """
        #expect(try String(decoding: encoder.encode(record), as: UTF8.self) == text)
        #expect(try JSONDecoder().decode(ReportRecord.self, from: Data(text.utf8)) == record)
        let later = #"{"method":"bss","something-new":[1]}"#
        #expect(try JSONDecoder().decode(ReportRecord.self, from: Data(later.utf8)).method == "bss")
    }
}
