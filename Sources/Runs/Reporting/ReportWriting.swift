internal import ModelFiles
package import ProcessGroups
internal import Reports
internal import Training

/// Writes reports: of runs that a user names, and of a run that has just ended.
package struct ReportWriting {
    /// Folders of runs or of comparisons.
    package var runs: [String]
    /// The HTML file to write.
    package var output: String

    /// A report from its options.
    package init(runs: [String], output: String) { (self.runs, self.output) = (runs, output) }

    /// Reads the folders and writes the report.
    ///
    /// - Returns: What was written, in words.
    /// - Throws: `ReportError`, 65 or 74; `UsageError` where the output is one of the files that are read; `OutputError`
    ///   or `OutputFileError`, 74, where it cannot be written.
    package func run() throws -> String {
        let names = [
            "config.yaml", "metrics.jsonl", "model.json", "report.json", "model.safetensors", "compare.json",
        ]
        try WriteAccess.requireFile(output, apartFrom: runs.flatMap { run in names.map { "\(run)/\($0)" } })
        let report = try RunReport(folders: runs)
        let page = report.html()
        try OutputFile.write(page, named: output)
        return "wrote \(output), \(report.summary), \(page.count / 1000) kB"
    }

    /// Writes `report.html` into the folder of a run or a comparison that has ended, on rank 0. A report that cannot be
    /// written is said, and is no failure of the run.
    ///
    /// - Parameters:
    ///   - folder: The folder.
    ///   - group: The ranks; those other than 0 do nothing.
    package static func finish(_ folder: String, _ group: any ProcessGroup) {
        guard group.rank == 0 else { return }
        do {
            try RunReport.write(folder: folder)
        } catch {
            ProgressLine().warn("no report was written: \(error)")
        }
    }
}
