/// What a rank of a `MirroredGroup` asked of the others.
package enum MirroredCall: Sendable, Equatable {
    /// An all-reduce that was waited for.
    case sum(bytes: Int)
    /// An all-reduce that travels while this rank works.
    case sumBegun(bytes: Int)
    /// The end of that work, from where on the all-reduce is waited for.
    case sumAwaited
    /// An all-gather of so many bytes a rank.
    case gather(bytes: Int)
    /// A broadcast.
    case broadcast(bytes: Int)
    /// The beginning of a `BackgroundAllReduce`.
    case began(bytes: Int)
    /// The end of what can be done before the `BackgroundAllReduce`s are complete.
    case awaited
}

/// A group in which every rank is a copy of this one: sums are multiples, and what is gathered is this rank's values
/// again and again.
///
/// A step of a job can so be run by one process, which learns what the step computes and what it sends, and when.
/// Every copy is rank 0.
package final class MirroredGroup: ProcessGroup {
    package let rank = 0
    package let size: Int

    /// Told of each call before the group does its part, and once it has.
    package var observer: (before: (MirroredCall) -> Void, after: () -> Void)?

    /// How many background all-reduces there are, whatever number is asked for: each bucket begins once it is ready.
    private static let laneCount = 2048

    /// A group of so many copies.
    package init(size: Int) {
        precondition(size > 0, "a mirrored group of \(size)")
        self.size = size
    }

    private func noted<Result>(_ call: MirroredCall, _ body: () throws -> Result) rethrows -> Result {
        observer?.before(call)
        defer { observer?.after() }
        return try body()
    }

    private func multiply<E: Transmissible>(_ buffer: UnsafeMutableBufferPointer<E>) {
        for index in buffer.indices {
            var (sum, power, count) = (E.zero, buffer[index], size)
            while count > 0 {
                if count & 1 == 1 { sum = E.transmittedSum(sum, power) }
                power = E.transmittedSum(power, power)
                count >>= 1
            }
            buffer[index] = sum
        }
    }

    package func allReduce<E: Transmissible>(_ buffer: UnsafeMutableBufferPointer<E>) {
        noted(.sum(bytes: buffer.count * MemoryLayout<E>.stride)) { multiply(buffer) }
    }

    package func allReduce<E: Transmissible>(
        _ buffer: UnsafeMutableBufferPointer<E>, during work: () throws -> Void
    ) throws {
        noted(.sumBegun(bytes: buffer.count * MemoryLayout<E>.stride)) { multiply(buffer) }
        try work()
        noted(.sumAwaited) {}
    }

    package func broadcast<E: Transmissible>(_ buffer: UnsafeMutableBufferPointer<E>, from root: Int) {
        noted(.broadcast(bytes: buffer.count * MemoryLayout<E>.stride)) {}
    }

    package func allGather<E: Transmissible>(_ values: [E]) -> [E] {
        noted(.gather(bytes: values.count * MemoryLayout<E>.stride)) {
            (0..<size).flatMap { _ in values }
        }
    }

    package func barrier() {}

    package func waiting<Result>(for name: StaticString, _ body: () throws -> Result) rethrows -> Result {
        noted(.awaited) {}
        return try body()
    }

    /// A group of as many copies, whose calls nobody is told of.
    package func duplicate() -> any ProcessGroup { MirroredGroup(size: size) }

    package func makeBackgroundAllReduces(
        count: Int, capacity: Int, format: WireFormat, topology: AllReduceTopology
    ) -> BackgroundAllReduces {
        BackgroundAllReduces((0..<Self.laneCount).map { _ in Lane(self) }, levels: .flat)
    }

    /// An all-reduce that is complete as soon as it is begun.
    private final class Lane: BackgroundAllReduce {
        private unowned let group: MirroredGroup

        init(_ group: MirroredGroup) { self.group = group }

        func begin(_ buffer: UnsafeMutableBufferPointer<Float>) {
            group.noted(.began(bytes: buffer.count * MemoryLayout<Float>.stride)) { group.multiply(buffer) }
        }

        func advance() -> Bool { true }
    }
}
