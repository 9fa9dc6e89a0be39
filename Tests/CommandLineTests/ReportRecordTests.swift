import Foundation
import ModelFiles
import Reports
import TestSupport
import Testing

extension ManyRanksTests {
    /// What a run leaves for its report.
    @Suite struct ReportRecordTests {
        /// At any number of ranks the same samples in the same order, and the same numbers but for rounding.
        @Test func anyRanksLeaveTheSameRecord() async throws {
            let folder = try ScratchFolder()
            let data = BallastProcess.golden.appending(path: "trajectory-data.safetensors").path
            func record(_ ranks: Int) async throws -> (record: ReportRecord, distances: [[String: Double]]) {
                let run = try await train(
                    "trajectory-delta-attention-feature-map", in: folder, as: "run-\(ranks)", ranks: ranks,
                    set: ["data.test=\(data)", "training.epochs=2", "training.steps-per-epoch=2"])
                let bytes = try run.contents(of: "report.json")
                return (try JSONDecoder().decode(ReportRecord.self, from: bytes), try run.distances)
            }
            let (alone, distances) = try await record(0)
            let count = try SafetensorsFile(contentsOf: data).integers("labels").count
            #expect(alone.split == "test" && alone.samples == count && alone.method == "delta")
            #expect(alone.confusion?.reduce(0) { $0 + $1.count } == count)
            #expect(alone.calibration?.map(\.count).reduce(0, +) == count)
            #expect(alone.features?.count == count && alone.queues == nil)
            let pictures = try #require(alone.pictures)
            #expect(!pictures.isEmpty && pictures.count <= 120)
            for picture in pictures {
                // A JPEG begins so.
                let bytes = try #require(Data(base64Encoded: picture.thumbnail ?? ""))
                #expect(bytes.starts(with: [0xFF, 0xD8, 0xFF]))
            }
            for index in try #require(alone.worst) {
                #expect(pictures[index].label != pictures[index].prediction)
            }
            for index in try #require(alone.best) {
                #expect(pictures[index].label == pictures[index].prediction)
            }
            let attention = try #require(alone.attention)
            #expect(attention.count == 4)
            for tap in attention {
                #expect(tap.weights == tap.weights.sorted(by: >) && tap.pictures.count == 4)
                for heat in tap.pictures {
                    #expect(heat.heat.joined().max() == 1 && heat.heat.joined().min() == 0)
                }
            }
            // From 0 on, farther and farther.
            #expect(distances.count == 2 && distances[0].count == 20)
            for (name, first) in distances[0] {
                #expect(first > 0 && distances[1][name] ?? 0 > first, "\(name)")
            }
            let (several, severalDistances) = try await record(2)
            #expect(several.withoutNumbers == alone.withoutNumbers)
            #expect(isClose(several.numbers, alone.numbers, relative: 1e-3, absolute: 2e-3))
            for (found, expected) in zip(severalDistances, distances) {
                let names = expected.keys.sorted()
                #expect(
                    isClose(
                        names.map { found[$0] ?? .nan }, names.map { expected[$0] ?? .nan }, relative: 1e-3))
            }
        }
    }
}

extension ReportRecord {
    /// What rounding does not change.
    fileprivate var withoutNumbers: ReportRecord {
        var record = self
        record.calibration = calibration?.map {
            CalibrationBin(low: $0.low, high: $0.high, count: $0.count, confidence: 0, accuracy: $0.accuracy)
        }
        record.expectedCalibrationError = nil
        record.pictures = pictures?.map {
            Picture(
                sample: $0.sample, label: $0.label, prediction: $0.prediction, probability: 0,
                labelProbability: 0, thumbnail: $0.thumbnail)
        }
        record.features = features?.map { PlottedPoint(x: 0, y: 0, label: $0.label) }
        record.attention = attention?.map { tap in
            TapAttention(
                tap: tap.tap, weights: tap.weights,
                pictures: tap.pictures.map { HeatMap(picture: $0.picture, heat: $0.heat.map { _ in [] }) })
        }
        return record
    }

    /// What it does change.
    fileprivate var numbers: [Double] {
        [expectedCalibrationError ?? 0] + (calibration ?? []).map(\.confidence)
            + (pictures ?? []).flatMap { [$0.probability, $0.labelProbability] }
            + (features ?? []).flatMap { [$0.x, $0.y] }
            + (attention ?? []).flatMap { $0.pictures.flatMap { $0.heat.flatMap { $0 } } }
    }
}
