import ArgumentParser
import Hosts
import Runs

/// `ballast report`: shows runs on a page.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show one or several runs on one page: an HTML file that needs no network.",
        discussion: """
            Training writes such a page of its run, report.html, at its end; this command makes it anew, or one of several runs:

                ballast report runs/bss -o bss.html
                ballast report runs/bss-0 runs/bss-1 runs/delta-0 runs/delta-1 -o both.html
                ballast report comparison -o comparison.html

            Runs whose configurations differ by the seed alone are drawn as one line with a band.
            """)

    @Argument(help: "Folders of runs, or of a comparison.")
    var runs: [String]

    @Option(name: .shortAndLong, help: "The HTML file to write.")
    var output: String

    func run() throws {
        try Ballast.runOnOneRank {
            try StandardOutput.print(ReportWriting(runs: runs, output: output).run())
        }
    }
}
