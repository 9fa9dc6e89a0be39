import ProcessGroups
import Regularizers
import Tensors
import TestSupport
import Testing

@Suite struct BiTuningQueuesTests {
    private func queues(seed: UInt64 = 1) -> BiTuningQueues {
        BiTuningQueues(featureCount: 3, projectionCount: 2, classCount: 3, length: 2, seed: seed)
    }

    /// Row n holds n + 1 everywhere, to be recognised in the queue.
    private func keys(_ width: Int, count: Int) -> Tensor {
        Tensor([count, width], (0..<count * width).map { Float($0 / width + 1) })
    }

    @Test func startsWithRandomUnitVectorsOfTheSeed() {
        let (first, second, other) = (queues(), queues(), queues(seed: 2))
        #expect(first.h.shape == [6, 4] && first.z.shape == [6, 2])
        #expect(first.h.elements == second.h.elements && first.z.elements == second.z.elements)
        #expect(first.h.elements != other.h.elements && first.z.elements != other.z.elements)
        for row in 0..<6 {
            #expect(abs(first.h.rows(row..<row + 1).squaredNorm - 1) < 1e-6)
            #expect(abs(first.z.rows(row..<row + 1).squaredNorm - 1) < 1e-6)
        }
        #expect(Set(first.h.elements).count == 24)
        #expect(first.pointers == [0, 0, 0])
    }

    /// Class 2 has three samples for two entries: the third overwrites the first. Class 1 has none.
    @Test func ringsWrapAndLaterKeysOverwrite() {
        let queues = queues()
        let untouched = queues.h.rows(2..<4).elements
        queues.enqueue(h: keys(4, count: 4), z: keys(2, count: 4), labels: [2, 0, 2, 2])
        #expect(queues.pointers == [1, 0, 1])
        let firsts = { (tensor: Tensor, row: Int) in tensor.rows(row..<row + 1).elements[0] }
        #expect([0, 4, 5].map { firsts(queues.h, $0) } == [2, 4, 3])
        #expect([0, 4, 5].map { firsts(queues.z, $0) } == [2, 4, 3])
        #expect(queues.h.rows(2..<4).elements == untouched)
        // What was drawn is no key.
        #expect((0..<3).map(queues.keyCount) == [1, 0, 2])
        queues.enqueue(h: keys(4, count: 1), z: keys(2, count: 1), labels: [2])
        #expect(queues.pointers == [1, 0, 0] && firsts(queues.h, 5) == 1)
        #expect((0..<3).map(queues.keyCount) == [1, 0, 2])
    }

    @Test(arguments: unevenShares(of: 7)) func everyRankEnqueuesTheGlobalBatch(counts: [Int]) throws {
        let (h, z) = (randomTensor([7, 4], seed: 70), randomTensor([7, 2], seed: 71))
        let labels = [0, 2, 2, 0, 2, 0, 0]
        let alone = queues()
        alone.enqueue(h: h, z: z, labels: labels)
        let expected = alone.state.mapValues(\.elements)
        let states = try ThreadedGroup.run(size: counts.count) { group in
            let rows = slices(counts)[group.rank]
            let queues = queues()
            try queues.enqueue(
                h: h.rows(rows), z: z.rows(rows), labels: Array(labels[rows]), over: group)
            return queues.state.mapValues(\.elements)
        }
        #expect(states.allSatisfy { $0 == expected })
    }

    @Test func stateGoesOutAndIn() throws {
        let source = queues()
        source.enqueue(h: keys(4, count: 3), z: keys(2, count: 3), labels: [1, 1, 2])
        let state = source.state
        #expect(state["queue_h"]?.shape == [4, 3, 2] && state["queue_z"]?.shape == [2, 3, 2])
        #expect(state["queue_ptr"]?.elements == [0, 0, 1])
        // Element [f, k, l] of the state is element f of row k · L + l.
        let (place, row) = (1 * 6 + 2 * 2 + 1, 5)
        #expect(state["queue_h"]?.elements[place] == source.h.elements[row * 4 + 1])
        let target = queues(seed: 9)
        try target.restore(state)
        #expect(target.h.elements == source.h.elements && target.z.elements == source.z.elements)
        #expect(target.pointers == source.pointers)
        // A copy: what is enqueued later does not change it.
        source.enqueue(h: keys(4, count: 1), z: keys(2, count: 1), labels: [0])
        try target.restore(state)
        #expect(target.h.elements != source.h.elements)
    }

    @Test func stateThatDoesNotFitIsRefused() {
        let good = queues().state
        let damages: [(String, Tensor?, String)] = [
            ("queue_z", nil, "no queue_z"),
            ("queue_h", Tensor(repeating: 0, [4, 3, 3]), "[4, 3, 3], expected [4, 3, 2]"),
            ("queue_ptr", Tensor([3], [0, 2, 0]), "class 1 is 2.0"),
            ("queue_ptr", Tensor([3], [0, 0, 0.5]), "class 2 is 0.5"),
            ("queue_ptr", Tensor([3], [-1, 0, 0]), "class 0 is -1.0"),
        ]
        for (name, tensor, text) in damages {
            let queues = queues(seed: 3)
            let before = queues.h.elements
            var state = good
            state[name] = tensor
            let error = #expect(throws: BiTuningStateError.self) { try queues.restore(state) }
            #expect(error?.description.contains(text) == true)
            #expect(queues.h.elements == before)
        }
    }
}
