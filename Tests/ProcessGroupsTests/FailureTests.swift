import Hosts
import ProcessGroups
import Testing

@Suite struct FailureTests {
    @Test func theExitCodeIsThatOfTheError() {
        #expect(ExitCode.of(CollectiveFailure(message: "", exitCode: 75)) == 75)
    }

    @Test(arguments: [0, -1, 256, Int32.max])
    func codesThatNoProcessCanFailWith(_ code: Int32) {
        #expect(CollectiveFailure(message: "", exitCode: code).exitCode == 70)
    }

    @Test func failureReadsAsItsMessage() {
        #expect("\(CollectiveFailure(message: "no space", exitCode: 74))" == "no space")
    }
}
