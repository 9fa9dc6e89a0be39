import Tensors
import Testing

/// What else is tested here rests on BLAS and LAPACK.
@Suite(.timeLimit(.minutes(1))) struct LinearAlgebraCheckTests {
    @Test func theInstalledLibraryComputesWhatPlainLoopsCompute() throws { try LinearAlgebraCheck.require() }

    /// One wrong number of each kind is found, and the message says what to do.
    @Test func oneWrongNumberIsFound() throws {
        let right = try LinearAlgebraCheck.measure()
        #expect(right.count == 8)
        #expect(LinearAlgebraCheck.failure(in: right, library: "OpenBLAS") == nil)
        for (place, comparison) in right.enumerated() {
            for value in [comparison.found[3] + 0.01, Double.nan] {
                var found = comparison.found
                found[3] = value
                var damaged = right
                damaged[place] = .init(
                    comparison.subject, found: found, expected: comparison.expected,
                    tolerance: comparison.tolerance)
                let failure = try #require(
                    LinearAlgebraCheck.failure(in: damaged, library: "OpenBLAS 0.3.21 Zen"))
                #expect(failure.exitCode == 70)
                #expect(
                    failure.description.hasPrefix(
                        "OpenBLAS 0.3.21 Zen computes a wrong \(comparison.subject): number 3 is "))
                #expect(failure.description.contains("set OPENBLAS_CORETYPE=Haswell"))
            }
        }
    }
}
