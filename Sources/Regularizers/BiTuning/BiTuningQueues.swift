public import Hosts
public import ProcessGroups
public import Tensors

/// The latest keys of each class: features with a one appended, normalized, and normalized projections.
///
/// A class has a ring of L entries for each kind. The queues are replicas: every rank makes them from the same
/// seed and enqueues the keys of the global batch in rank order, so that they hold the same bits everywhere.
/// Zhong, Wang, Kou, Wang and Long, Bi-tuning of pre-trained representations, 2020.
public final class BiTuningQueues {
    /// K.
    public let classCount: Int
    /// L.
    public let length: Int
    /// Keys of features, `[K · L, F + 1]`, the entries of class k in rows `k · L ..< (k + 1) · L`.
    /// Changed in place by `enqueue`.
    public let h: Tensor
    /// Keys of projections, `[K · L, P]`, in the same order. Changed in place by `enqueue`.
    public let z: Tensor
    /// Which entry of each class is overwritten next.
    public private(set) var pointers: [Int]
    /// What the first entries were drawn from.
    private let seed: UInt64

    /// Queues of random unit vectors, the same for the same seed.
    ///
    /// - Parameters:
    ///   - featureCount: F, without the one.
    ///   - projectionCount: P.
    ///   - classCount: K.
    ///   - length: L, the entries of a class.
    ///   - seed: The run's seed.
    public init(featureCount: Int, projectionCount: Int, classCount: Int, length: Int, seed: UInt64) {
        precondition(
            featureCount > 0 && projectionCount > 0 && classCount > 0 && length > 0,
            "queues of \(featureCount) and \(projectionCount) features, \(classCount) classes of \(length)")
        (self.classCount, self.length, self.seed) = (classCount, length, seed)
        let rows = classCount * length
        h = Self.randomUnitVectors([rows, featureCount + 1], kind: 0, seed: seed)
        z = Self.randomUnitVectors([rows, projectionCount], kind: 1, seed: seed)
        pointers = [Int](repeating: 0, count: classCount)
    }

    /// Puts the keys of a batch into their classes' rings, sample by sample in order.
    ///
    /// Where a class has more samples than entries, later keys overwrite earlier ones.
    ///
    /// - Parameters:
    ///   - h: `[B, F + 1]`, normalized, of the global batch.
    ///   - z: `[B, P]`, normalized, of the global batch.
    ///   - labels: B classes, each in `0 ..< K`.
    public func enqueue(h newH: Tensor, z newZ: Tensor, labels: [Int]) {
        precondition(
            newH.shape == [labels.count, h.shape[1]] && newZ.shape == [labels.count, z.shape[1]],
            "\(labels.count) labels, keys \(newH.shape) and \(newZ.shape) for queues \(h.shape), \(z.shape)")
        precondition(
            labels.allSatisfy { $0 >= 0 && $0 < classCount }, "label outside of \(classCount) classes")
        let (newH, newZ) = (newH.dense(), newZ.dense())
        for (sample, label) in labels.enumerated() {
            let entry = label * length + pointers[label]
            h.rows(entry..<entry + 1).copy(from: newH.rows(sample..<sample + 1))
            z.rows(entry..<entry + 1).copy(from: newZ.rows(sample..<sample + 1))
            pointers[label] = (pointers[label] + 1) % length
        }
    }

    /// All-gathers the keys in rank order and puts them into the rings, alike on every rank.
    ///
    /// - Parameters:
    ///   - h: `[N, F + 1]`, normalized, of this rank's samples.
    ///   - z: `[N, P]`, normalized, of this rank's samples.
    ///   - labels: N classes, each in `0 ..< K`.
    ///   - group: The ranks that share the batch.
    /// - Throws: `MPIError` if the communication fails.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    public func enqueue(h: Tensor, z: Tensor, labels: [Int], over group: any ProcessGroup) throws {
        let allH = try GatheredFeatures(h, over: group).batch
        let allZ = try GatheredFeatures(z, over: group).batch
        let allLabels = try group.allGather(labels.map(Int64.init)).map(Int.init)
        enqueue(h: allH, z: allZ, labels: allLabels)
    }

    /// How many entries of a class hold keys, and not what they were drawn from the seed: the first ones.
    package func keyCount(of label: Int) -> Int {
        let last = (label + 1) * length - 1
        let width = h.shape[1]
        let drawn = Tensor([1, width], Self.randomVector(width: width, kind: 0, row: last, seed: seed))
        let found = h.rows(last..<last + 1).elements
        // A run that goes on elsewhere may draw another last bit.
        let isDrawn = zip(drawn.normalizedRows().elements, found).allSatisfy { abs($0 - $1) < 1e-5 }
        return isDrawn ? pointers[label] : length
    }

    /// Copies of the queues and pointers, by the names and in the shapes of the reference implementation:
    /// `queue_h` `[F + 1, K, L]`, `queue_z` `[P, K, L]`, `queue_ptr` `[K]`. Equal on every rank.
    public var state: [String: Tensor] {
        [
            "queue_h": Self.transposed(h, to: [h.shape[1], classCount, length]),
            "queue_z": Self.transposed(z, to: [z.shape[1], classCount, length]),
            // Below 2²⁴, so that floats hold them exactly.
            "queue_ptr": Tensor([classCount], pointers.map(Float.init)),
        ]
    }

    /// Restores what `state` returned, here or in another run; on an error nothing has changed.
    ///
    /// - Throws: `BiTuningStateError` where a tensor is missing, has another shape, or a pointer points nowhere.
    public func restore(_ state: [String: Tensor]) throws(BiTuningStateError) {
        func tensor(_ name: String, _ shape: Shape) throws(BiTuningStateError) -> Tensor {
            guard let tensor = state[name] else {
                throw BiTuningStateError("there is no \(name) among \(state.keys.sorted())")
            }
            guard tensor.shape == shape else {
                throw BiTuningStateError(
                    "\(name) has the shape \(tensor.shape), expected \(shape); class count, features, "
                        + "projection and queue length must be those of the run that saved it")
            }
            guard tensor.elements.allSatisfy(\.isFinite) else {
                throw BiTuningStateError("\(name) holds numbers that are not finite")
            }
            return tensor.dense()
        }
        let newH = try tensor("queue_h", [h.shape[1], classCount, length])
        let newZ = try tensor("queue_z", [z.shape[1], classCount, length])
        let saved = try tensor("queue_ptr", [classCount]).elements
        let newPointers = saved.map { Int(exactly: $0) ?? -1 }
        if let wrong = newPointers.firstIndex(where: { $0 < 0 || $0 >= length }) {
            throw BiTuningStateError(
                "queue_ptr of class \(wrong) is \(saved[wrong]), expected an integer below \(length)")
        }
        h.copy(from: Self.transposed(newH.reshaped([h.shape[1], h.shape[0]]), to: h.shape))
        z.copy(from: Self.transposed(newZ.reshaped([z.shape[1], z.shape[0]]), to: z.shape))
        pointers = newPointers
    }

    /// L of a queue `[K · L, F]`, after checking what both terms are given.
    static func checkedLength(
        of queue: Tensor, classCount: Int, labels: [Int], temperature: Double, divisor: Int
    ) -> Int {
        precondition(
            queue.shape.rank == 2 && classCount > 0 && queue.shape[0] >= classCount
                && queue.shape[0] % classCount == 0, "queue of \(queue.shape) for \(classCount) classes")
        precondition(
            labels.allSatisfy { $0 >= 0 && $0 < classCount }, "label outside of \(classCount) classes")
        precondition(temperature > 0 && divisor > 0, "temperature \(temperature) and divisor \(divisor)")
        return queue.shape[0] / classCount
    }

    /// The transpose of a matrix, seen under another shape.
    private static func transposed(_ matrix: Tensor, to shape: Shape) -> Tensor {
        let (rows, columns) = (matrix.shape[0], matrix.shape[1])
        return Tensor(shape) { buffer in
            matrix.withElements { values in
                for row in 0..<rows {
                    for column in 0..<columns { buffer[column * rows + row] = values[row * columns + column] }
                }
            }
        }
    }

    /// Rows drawn from the sphere, each from a stream of its own.
    private static func randomUnitVectors(_ shape: Shape, kind: Int, seed: UInt64) -> Tensor {
        let elements = (0..<shape[0]).flatMap { row in
            randomVector(width: shape[1], kind: kind, row: row, seed: seed)
        }
        return Tensor(shape, elements).normalizedRows()
    }

    /// A row before it is normalized.
    private static func randomVector(width: Int, kind: Int, row: Int, seed: UInt64) -> [Float] {
        var random = KeyedRandom(seed: seed, purpose: .initialization, queueKey, kind, row)
        return (0..<width).map { _ in random.normal() }
    }

    /// Tells the streams of the queues from those of parameters: "queues" in ASCII.
    private static let queueKey = 0x7175_6575_6573
}

/// Saved queues that do not fit.
public struct BiTuningStateError: Error, ExitCodeProviding, Equatable, Sendable, CustomStringConvertible {
    /// What was found and what was expected.
    public let description: String
    /// The exit code of a command that ends with this error, 65: bad data.
    public var exitCode: Int32 { ExitCode.badData }

    init(_ description: String) { self.description = "Bi-Tuning queues: " + description }
}
