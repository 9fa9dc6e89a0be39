import Hosts
import Testing

private struct CodedError: Error, ExitCodeProviding {
    let exitCode: Int32
}

private struct PlainError: Error {}

@Suite struct ExitCodeTests {
    @Test func errorsDeclareTheirCodes() {
        #expect(ExitCode.of(PlainError()) == 70)
        #expect(ExitCode.of(CodedError(exitCode: 65)) == 65)
    }

    @Test(arguments: [0, -1, 256, Int32.max])
    func codesThatNoProcessCanFailWith(_ code: Int32) {
        #expect(ExitCode.of(CodedError(exitCode: code)) == 70)
    }

    @Test func hostHasAName() {
        #expect(!HostName.current.isEmpty)
        #expect(HostName.current != "unknown")
    }
}
