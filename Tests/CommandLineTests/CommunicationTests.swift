import Foundation
import TestSupport
import Testing

extension ManyRanksTests {
    /// How gradients travel, and what of it may touch the result.
    @Suite(.serialized) struct CommunicationTests {
        /// Neither the overlap strategy nor the size of the buckets touches a bit, even at three ranks; nor do two levels
        /// where there is one host.
        @Test(arguments: [
            (2, ["{overlap: thread, bucket-bytes: 4096}", "{overlap: polling, bucket-bytes: 10000}"]),
            (
                3,
                [
                    "{overlap: polling}", "{overlap: thread}", "{overlap: thread, bucket-bytes: 4096}",
                    "{overlap: polling, bucket-bytes: 10000}", "{overlap: auto, bucket-bytes: 100000000}",
                    "{topology: two-level, overlap: thread, bucket-bytes: 10000}",
                ]
            ),
        ])
        func noWayOfOverlappingChangesTheResult(ranks: Int, ways: [String]) async throws {
            let folder = try ScratchFolder()
            let expected = try await train(
                in: folder, as: "none", ranks: ranks, set: ["communication.overlap=none"])
            for way in ways {
                let run = try await train(
                    in: folder, as: way.filter(\.isLetter), ranks: ranks, set: ["communication=\(way)"])
                #expect(try run.modelBytes == expected.modelBytes, "\(way)")
            }
        }

        @Test func theFastestWayIsFoundAndSaid() async throws {
            let folder = try ScratchFolder()
            let file = BallastProcess.golden.appending(path: "trajectory-fine-tune.yaml").path
            let outcome = try await BallastProcess.run(
                [
                    "train", "--config", file, "--set", "output=\(folder.url.path)/run",
                    "training.epochs=2",
                ], ranks: 2)
            try #require(outcome.exitCode == 0, "\(outcome.errors)")
            #expect(
                outcome.errors.contains(
                    /overlap strategy: (none|polling|thread) \(seconds of a step: none [0-9.]+ s, polling [0-9.]+ s, thread [0-9.]+ s\)/
                ), "\(outcome.errors)")
        }

        /// Half the bits on the wire move the losses a little, and by the same bits in a second run.
        @Test func halfOfTheBitsAreEnoughToTrain() async throws {
            let folder = try ScratchFolder()
            let whole = try await train(in: folder, as: "whole", ranks: 3)
            let half = try await train(
                in: folder, as: "half", ranks: 3, set: ["communication.wire-format=bfloat16"])
            let again = try await train(
                in: folder, as: "again", ranks: 3,
                set: ["communication={wire-format: bfloat16, overlap: thread, bucket-bytes: 5000}"])
            #expect(try half.modelBytes == again.modelBytes)
            #expect(try half.modelBytes != whole.modelBytes)
            #expect(try isClose(half.steps("loss"), whole.steps("loss"), relative: 1e-2))
            // Alone nothing travels.
            let alone = try await train(in: folder, as: "alone")
            let aloneInHalf = try await train(
                in: folder, as: "alone-half", set: ["communication.wire-format=bfloat16"])
            #expect(try alone.modelBytes == aloneInHalf.modelBytes)
        }
    }
}
