import Foundation
import ModelFiles
import Reports
import Tensors
import TestSupport
import Testing

extension ManyRanksTests {
    /// Whole runs against those of the reference implementation, at every number of ranks.
    @Suite(.serialized) struct TrajectoryTests {
        /// The methods that have a reference run.
        static let methods = [
            "fine-tune", "l2-sp", "delta-feature-map", "delta-attention-feature-map", "lwf", "co-tuning",
            "bi-tuning", "bss",
        ]
        /// Ranks of a run; 0 is without `mpirun`.
        static let rankCounts = [0, 1, 2, 3]

        @Test(arguments: methods, rankCounts)
        func stepsAndFinalTensorsAreThoseOfTheReference(method: String, ranks: Int) async throws {
            let folder = try ScratchFolder()
            let run = try await train("trajectory-\(method)", in: folder, as: "run", ranks: ranks)
            let golden = try SafetensorsFile(
                contentsOf: BallastProcess.golden.appending(path: "trajectory-\(method).safetensors").path)
            for (key, name, absolute) in [
                ("loss", "loss", 0), ("classification-loss", "classification_loss", 0),
                ("penalty", "penalty", 1e-6),
            ] {
                let expected = try golden.tensor("output.\(name)").elements.map(Double.init)
                let found = try run.steps(key)
                #expect(
                    isClose(found, expected, relative: 1e-4, absolute: absolute),
                    "\(key): \(found), expected \(expected)")
            }
            try expectFinalTensors(run.model, golden)
        }

        /// At three ranks the order of a sum could vary, and eight rows do not divide evenly.
        @Test(arguments: methods)
        func theSameNumberOfRanksGivesTheSameBytes(method: String) async throws {
            let folder = try ScratchFolder()
            let first = try await train("trajectory-\(method)", in: folder, as: "first", ranks: 3)
            let second = try await train("trajectory-\(method)", in: folder, as: "second", ranks: 3)
            #expect(try first.modelBytes == second.modelBytes)
            #expect(try first.steps("loss") == second.steps("loss"))
            #expect(try first.contents(of: "report.json") == second.contents(of: "report.json"))
            // Nothing is evaluated here: what remains is of the method.
            let record = try JSONDecoder().decode(
                ReportRecord.self, from: first.contents(of: "report.json"))
            #expect(record.split == nil && record.pictures == nil && record.classes?.count == 5)
            #expect((record.queues != nil) == (method == "bi-tuning"))
            #expect((record.attention != nil) == (method == "delta-attention-feature-map"))
            #expect(try first.distances.count == 1)
            let spectra = try first.events("spectrum").map { $0.values["singular-values"] as? [Double] ?? [] }
            // Eight samples in a batch.
            #expect(spectra.map(\.count) == (method == "bss" ? [8] : []))
            #expect(spectra.allSatisfy { $0 == $0.sorted(by: >) && $0[7] >= 0 && $0[0] > 0 })
        }

        /// Each tensor may be off by 1e-5 of its largest element; the six steps move it by more than 1e-4.
        private func expectFinalTensors(_ model: SafetensorsFile, _ golden: SafetensorsFile) throws {
            let prefix = "output.final."
            // Queues are a state of the method, not a part of the model.
            let names = golden.names.filter { $0.hasPrefix(prefix) && !$0.contains("queue") }
            #expect(names.count == 5)
            for name in names {
                let own = name.replacing(prefix, with: "").replacing("head.", with: "fc.")
                let expected = try golden.tensor(name).elements.map(Double.init)
                let found = try model.tensor(own).elements.map(Double.init)
                let largest = expected.map(abs).max() ?? 0
                #expect(isClose(found, expected, relative: 0, absolute: 1e-5 * largest), "\(own)")
            }
        }
    }
}
