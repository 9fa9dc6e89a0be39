import Foundation
import TestSupport
import Testing

extension ManyRanksTests {
    /// The trace that `--profile` writes.
    @Suite(.serialized) struct ProfileTests {
        /// A span of the trace; microseconds.
        private struct Span {
            let name: String
            let category: String
            /// Process and thread.
            let lane: [Int]
            let start: Double
            let end: Double

            func holds(_ other: Span) -> Bool { other.start >= start - 0.01 && other.end <= end + 0.01 }
        }

        private struct Trace {
            var spans: [Span] = []
            /// Names of processes and threads, by process and thread.
            var names: [[Int]: String] = [:]

            init(_ data: Data) throws {
                let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
                for event in try #require(object["traceEvents"] as? [[String: Any]]) {
                    let name = try #require(event["name"] as? String)
                    let process = try #require(event["pid"] as? Int)
                    let thread = try #require(event["tid"] as? Int)
                    switch try #require(event["ph"] as? String) {
                    case "M":
                        let arguments = try #require(event["args"] as? [String: String])
                        if name == "process_name" { names[[process]] = arguments["name"] }
                        if name == "thread_name" { names[[process, thread]] = arguments["name"] }
                    case let kind:
                        #expect(kind == "X")
                        let start = try #require(event["ts"] as? Double)
                        let duration = try #require(event["dur"] as? Double)
                        #expect(duration >= 0)
                        spans.append(
                            Span(
                                name: name, category: try #require(event["cat"] as? String),
                                lane: [process, thread], start: start, end: start + duration))
                    }
                }
            }

            /// The spans of a thread.
            func spans(of rank: Int, on thread: String) -> [Span] {
                spans.filter { $0.lane[0] == rank && names[$0.lane] == thread }
            }
        }

        /// The spans that lie in no other but the outermost: of each step its parts.
        private func checkNesting(_ spans: [Span]) -> [(outer: Span, parts: [Span])] {
            var open: [Span] = []
            var outermost: [(outer: Span, parts: [Span])] = []
            for span in spans.sorted(by: { ($0.start, $1.end) < ($1.start, $0.end) }) {
                while let last = open.last, last.end <= span.start + 0.01 { open.removeLast() }
                if let last = open.last {
                    #expect(last.holds(span), "\(span) reaches out of \(last)")
                    if open.count == 1 { outermost[outermost.count - 1].parts.append(span) }
                } else {
                    outermost.append((span, []))
                }
                open.append(span)
            }
            return outermost
        }

        @Test func aTraceOfTwoRanksNestsAndAddsUp() async throws {
            let folder = try ScratchFolder()
            let file = folder.url.appending(path: "trace.json")
            let outcome = try await BallastProcess.run(
                [
                    "train", "--config",
                    BallastProcess.golden.appending(path: "trajectory-delta-feature-map.yaml").path,
                    "--profile", file.path, "--set", "output=\(folder.url.appending(path: "run").path)",
                    "training.steps-per-epoch=14", "checkpoint.every-steps=5", "communication.overlap=thread",
                    "data.validation=trajectory-data.safetensors",
                ], ranks: 2)
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("profile: 10 steps of each rank in \(file.path)\n"))
            let trace = try Trace(Data(contentsOf: file))
            for rank in 0..<2 {
                #expect(trace.names[[rank]]?.hasPrefix("rank \(rank) on ") == true)
                let spans = trace.spans(of: rank, on: "training")
                let outermost = checkNesting(spans)
                let steps = outermost.filter { $0.outer.category == "step" }
                #expect(steps.map(\.outer.name) == (3...12).map { "step \($0)" })
                var wholeSteps = 0
                for (step, parts) in steps {
                    let sum = parts.reduce(0) { $0 + $1.end - $1.start }
                    let whole = step.end - step.start
                    #expect(sum <= whole + 1, "\(step.name): \(sum) of \(whole)")
                    if sum > 0.8 * whole { wholeSteps += 1 }
                    let names = Set(parts.map(\.name))
                    #expect(
                        names == [
                            "wait for data", "forward", "backward", "all-reduce of totals", "optimizer",
                        ])
                    for category in ["forward", "backward"] {
                        let layers = Set(
                            spans.filter { $0.category == category && step.holds($0) }.map(\.name))
                        for name in [
                            "conv1", "bn1", "layer1.0.conv1", "layer4.1.conv2", "method", "cross-entropy",
                        ] {
                            #expect(layers.contains(name), "\(category) of \(name) in \(step.name)")
                        }
                    }
                    #expect(spans.contains { $0.name == "wait for all-reduces" && step.holds($0) })
                    #expect(spans.contains { $0.name == "all-reduce of statistics" && step.holds($0) })
                }
                // A busy machine may take the processor away between two parts of a step.
                #expect(wholeSteps >= 8, "\(wholeSteps) of \(steps.count) steps")
                #expect(outermost.contains { $0.outer.name == "evaluation" })
                let communication = trace.spans(of: rank, on: "communication thread")
                _ = checkNesting(communication)
                #expect(
                    Set(communication.map(\.name)) == ["wait for gradients", "all-reduces under way"])
                let buckets = trace.spans(of: rank, on: "all-reduces 1")
                _ = checkNesting(buckets)
                #expect(buckets.count { $0.name == "all-reduce of bucket 0" } == 10)
            }
            // Rank 0 alone writes.
            let written = trace.spans.filter { trace.names[$0.lane] == "checkpoint writing" }
            #expect(written.map(\.name) == ["checkpoint of step 5", "checkpoint of step 10"])
            #expect(written.allSatisfy { $0.lane[0] == 0 })
        }

        @Test func aBenchmarkIsProfiledAndAFileThatCannotBeIsRefusedAtOnce() async throws {
            let folder = try ScratchFolder()
            let benchmark = [
                "benchmark", "--network", "resnet18", "--batch", "1", "--image-size", "32", "--steps", "1",
                "--profile",
            ]
            let measured = try await BallastProcess.run(benchmark + ["trace"], in: folder.url)
            #expect(measured.exitCode == 0, "\(measured.errors)")
            let trace = try Trace(Data(contentsOf: folder.url.appending(path: "trace")))
            #expect(trace.spans.count { $0.category == "step" } == 1)
            #expect(trace.spans.contains { $0.name == "layer4.1.conv2" && $0.category == "backward" })
            let refused = try await BallastProcess.run(benchmark + ["missing/trace"], in: folder.url)
            #expect(refused.exitCode == 74)
            #expect(refused.errors.contains("missing/trace: "), "\(refused.errors)")
            #expect(refused.output.isEmpty)
            let aFolder = try await BallastProcess.run(benchmark + ["."], in: folder.url)
            #expect(aFolder.exitCode == 64)
            #expect(aFolder.errors.contains(".: is a folder; give the name of a file"), "\(aFolder.errors)")
        }

        @Test func aTraceDoesNotTakeThePlaceOfTheWeights() async throws {
            let folder = try ScratchFolder()
            let weights = folder.url.appending(path: "weights.safetensors")
            try FileManager.default.copyItem(
                at: BallastProcess.golden.appending(path: "source.safetensors"), to: weights)
            let outcome = try await BallastProcess.run([
                "train", "--config", BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path,
                "--profile", weights.path, "--set", "output=\(folder.url.appending(path: "run").path)",
                "network.weights=\(weights.path)",
            ])
            #expect(outcome.exitCode == 64)
            #expect(outcome.errors.contains("is a file that is read for it"), "\(outcome.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "run").path))
        }
    }
}
