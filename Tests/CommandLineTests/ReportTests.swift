import Foundation
import TestSupport
import Testing

extension ManyRanksTests {
    /// Pages of runs.
    @Suite(.serialized) struct ReportTests {
        /// Training leaves a page, which the command makes anew; what cannot be is an error.
        @Test func trainingLeavesAPageThatTheCommandMakesAnew() async throws {
            let folder = try ScratchFolder()
            let run = try await train(in: folder, as: "run", ranks: 2)
            let page = try run.contents(of: "report.html")
            #expect(page.starts(with: Data("<!DOCTYPE html>".utf8)) && page.count < 200_000)
            let found = try await BallastProcess.run(
                command: [
                    "bash", "-c",
                    """
                    "$ballast" report run -o page.html; cmp page.html run/report.html && echo same
                    mkdir other
                    for arguments in 'missing -o x' 'other -o x' 'run/model.json -o x' 'run -o other' \\
                        'run -o run/metrics.jsonl' 'run -o /dev/full' 'run -o missing/x' 'run' '-o x'; do
                        "$ballast" report $arguments > printed 2> errors; echo "$? $(grep -c . printed)"
                    done
                    ls
                    """,
                ], in: folder.url,
                environment: ["ballast": BallastProcess.binary.path, "OMP_NUM_THREADS": "1"])
            #expect(found.errors == "")
            #expect(
                found.output == """
                    wrote page.html, 1 run, \(page.count / 1000) kB
                    same
                    74 0
                    65 0
                    65 0
                    64 0
                    64 0
                    74 0
                    74 0
                    64 0
                    64 0
                    errors
                    other
                    page.html
                    printed
                    run

                    """)
        }
    }
}
