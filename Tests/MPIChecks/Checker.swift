import Hosts
import ProcessGroups

/// Collects the assertions of one rank.
final class Checker {
    /// All ranks of the job.
    let group: any ProcessGroup

    private var count: Int64 = 0
    private var failures: [String] = []

    init(_ group: any ProcessGroup) {
        self.group = group
    }

    /// Asserts a condition on this rank. A failure is reported at the end, so that collectives go on.
    func expect(
        _ condition: Bool, _ what: @autoclosure () -> String, line: Int = #line, file: String = #fileID
    ) {
        count += 1
        if !condition { failures.append("\(file):\(line): \(what())") }
    }

    /// Asserts on this rank that two values are equal.
    func equal<Value: Equatable>(
        _ actual: Value, _ expected: Value, line: Int = #line, file: String = #fileID
    ) {
        expect(actual == expected, "got \(actual), expected \(expected)", line: line, file: file)
    }

    /// Asserts that all ranks hold the same bytes, those of rank 0.
    ///
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func sameBits<Element: BitwiseCopyable>(
        _ values: [Element], line: Int = #line, file: String = #fileID
    ) throws {
        let own = values.withUnsafeBytes { [UInt8]($0) }
        var bytesOfRankZero = own
        try group.broadcast(&bytesOfRankZero, from: 0)
        expect(own == bytesOfRankZero, "bits differ from those of rank 0", line: line, file: file)
    }

    /// Asserts on this rank that `work` throws an error of the given type, and returns it.
    func throwing<Failure: Error>(
        _ type: Failure.Type, line: Int = #line, file: String = #fileID, _ work: () throws -> Void
    ) -> Failure? {
        do {
            try work()
            expect(false, "expected \(type), nothing was thrown", line: line, file: file)
        } catch let error as Failure {
            expect(true, "", line: line, file: file)
            return error
        } catch {
            expect(false, "expected \(type), got \(error)", line: line, file: file)
        }
        return nil
    }

    /// The number of assertions over all ranks; throws on all ranks if any failed.
    ///
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func finish() throws -> Int64 {
        try group.agree {
            if !failures.isEmpty { throw FailedAssertions(texts: failures) }
        }
        return try group.allReduce(count)
    }
}

/// What went wrong on one rank. Its exit code is none of the program's, so that a failed assertion never
/// looks like a failure that the check expects.
struct FailedAssertions: Error, ExitCodeProviding, CustomStringConvertible {
    let texts: [String]
    let exitCode: Int32 = 1
    var description: String { texts.joined(separator: "\n") }
}

/// An error with an exit code of its own choice.
struct StagedError: Error, ExitCodeProviding, CustomStringConvertible {
    let description: String
    let exitCode: Int32
}
