import ProcessGroups
import Tensors
import TestSupport
import Testing
import Training

/// Which gradients travel between ranks.
@Suite struct SentGradientsTests {
    /// A group that counts the 32-bit elements which it and its duplicates all-reduce.
    private final class CountingGroup: ProcessGroup {
        final class Count { var elements: [Int] = [] }

        private let group: any ProcessGroup
        let count: Count
        var rank: Int { group.rank }
        var size: Int { group.size }

        init(_ group: any ProcessGroup, count: Count = Count()) { (self.group, self.count) = (group, count) }

        func allReduce<E: Transmissible>(_ buffer: UnsafeMutableBufferPointer<E>) throws {
            if E.self == Float.self { count.elements.append(buffer.count) }
            try group.allReduce(buffer)
        }

        func broadcast<E: Transmissible>(
            _ buffer: UnsafeMutableBufferPointer<E>, from root: Int
        ) throws { try group.broadcast(buffer, from: root) }

        func allGather<E: Transmissible>(_ values: [E]) throws -> [E] { try group.allGather(values) }

        func barrier() throws { try group.barrier() }

        func duplicate() throws -> any ProcessGroup { try CountingGroup(group.duplicate(), count: count) }
    }

    /// The numbers of elements that two ranks all-reduce in one step of fine-tuning.
    private func sent(_ scope: TrainingScope, bucketBytes: Int?) throws -> (
        elements: [Int], head: Int, all: Int
    ) {
        let samples = try Samples()
        return try ThreadedGroup.run(size: 2) { group in
            let counting = CountingGroup(group)
            let bench = try MethodBench(
                .fineTune, counting, samples: samples,
                communication: CommunicationSettings(overlap: .thread, bucketBytes: bucketBytes))
            _ = try bench.step.run(
                [samples.batch(group.rank * 4..<group.rank * 4 + 4)], globalBatch: 8, learningRate: 0.01,
                scope: scope)
            let classifier = bench.classifier
            return (
                counting.count.elements, classifier.head.parameters.reduce(0) { $0 + $1.count },
                classifier.parameters.reduce(0) { $0 + $1.count }
            )
        }[0]
    }

    /// Each parameter begins on a cache line, which adds less than 16 elements.
    private static let padding = 16

    @Test(arguments: [nil, 4096, 100_000])
    func everyGradientIsSentOnce(bucketBytes: Int?) throws {
        let (elements, head, all) = try sent(.all, bucketBytes: bucketBytes)
        #expect((all..<all + Self.padding * 62).contains(elements.reduce(0, +)))
        // The head's comes first and alone.
        #expect((head..<head + 2 * Self.padding).contains(elements[0]))
        if let bucketBytes { #expect(elements.allSatisfy { $0 * 4 <= bucketBytes }) }
    }

    @Test func gradientsOfFrozenParametersAreNotSent() throws {
        let (elements, head, _) = try sent(.head, bucketBytes: nil)
        #expect((head..<head + 2 * Self.padding).contains(elements.reduce(0, +)))
    }
}
