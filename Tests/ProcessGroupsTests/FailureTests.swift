import Hosts
import ProcessGroups
import Testing

private struct CodedError: Error, ExitCodeProviding {
    let exitCode: Int32
}

private struct PlainError: Error {}

@Suite struct FailureTests {
    @Test func exitCodesOfErrors() {
        #expect(ExitCode.of(PlainError()) == 70)
        #expect(ExitCode.of(CodedError(exitCode: 65)) == 65)
        #expect(ExitCode.of(CollectiveFailure(message: "", exitCode: 75)) == 75)
    }

    @Test(arguments: [0, -1, 256, Int32.max])
    func codesThatNoProcessCanFailWith(_ code: Int32) {
        #expect(ExitCode.of(CodedError(exitCode: code)) == 70)
        #expect(CollectiveFailure(message: "", exitCode: code).exitCode == 70)
    }

    @Test func failureReadsAsItsMessage() {
        #expect("\(CollectiveFailure(message: "no space", exitCode: 74))" == "no space")
    }

    @Test func hostHasAName() {
        #expect(!HostName.current.isEmpty)
        #expect(HostName.current != "unknown")
    }
}
