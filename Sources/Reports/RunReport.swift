internal import Foundation
internal import Hosts
internal import ModelFiles

/// The report of one or several runs, or of a comparison: one HTML file that anybody can look at.
///
/// It is made of what lies in their folders and of nothing else, or of what an evaluation found. What is missing there is
/// not shown, and everything that is read is taken for text that anybody may have written.
package struct RunReport {
    private let title: String
    private let runs: [RecordedRun]
    private let comparisons: [(name: String, record: ComparisonRecord)]

    /// Runs of a comparison that are looked at.
    private static let mostRuns = 1000

    /// Reads the folders.
    ///
    /// - Parameter folders: Folders of runs, or of comparisons with their runs in them.
    /// - Throws: `ReportError`: 74 where a folder cannot be read, 65 where it is not the folder of a run, 64 where one is
    ///   given twice.
    package init(folders: [String]) throws(ReportError) {
        var (runs, comparisons): ([RecordedRun], [(name: String, record: ComparisonRecord)]) = ([], [])
        var places = Set<String>()
        for given in folders {
            try Self.requireFolder(given)
            let place = URL(fileURLWithPath: given).standardizedFileURL
            let (folder, name) = (place.path, place.lastPathComponent)
            // It would be two seeds of one setting.
            guard places.insert(place.resolvingSymlinksInPath().path).inserted else {
                throw ReportError(
                    "\(given.shownPath): is given twice; give each folder once", exitCode: ExitCode.wrongUse)
            }
            if let run = RecordedRun(folder: folder, name: name) {
                runs.append(run)
                continue
            }
            let record = try Self.comparison(folder)
            let found = Self.runs(ofComparison: folder, chosenBy: record?.selectionSeeds ?? [])
            guard record != nil || !found.isEmpty else {
                throw ReportError(
                    "\(folder.shownPath): is not the folder of a run or of a comparison: it has none of \(RecordedRun.files.joined(separator: ", ")), compare.json; give the folder that is the `output` of a configuration",
                    exitCode: ExitCode.badData)
            }
            if let record { comparisons.append((name, record)) }
            runs += found
        }
        // Runs of one name are told apart by their folders.
        let counts = Dictionary(runs.map { ($0.name, 1) }, uniquingKeysWith: +)
        for place in runs.indices where counts[runs[place].name] ?? 0 > 1 {
            runs[place].name = runs[place].folder
        }
        (self.runs, self.comparisons) = (runs, comparisons)
        title = folders.count == 1 ? comparisons.first?.name ?? runs.first?.name ?? "" : "\(runs.count) runs"
    }

    /// The report of an evaluation.
    package init(_ evaluated: EvaluatedModel) {
        (runs, comparisons, title) = ([RecordedRun(evaluated)], [], evaluated.title)
    }

    /// The page: at most five million bytes, with less in it where it would be more.
    package func html() -> [UInt8] {
        var page: [UInt8] = []
        for detail in ReportDetail.levels {
            let contents = ReportContents(runs: runs, comparisons: comparisons, detail: detail)
            page = Array(ReportPage(title: title, contents).html.utf8)
            if page.count <= ReportDetail.largestPage { break }
        }
        return page
    }

    /// What was read, in words.
    package var summary: String {
        let words = runs.count == 1 ? "1 run" : "\(runs.count) runs"
        return comparisons.isEmpty ? words : "\(words) of a comparison"
    }

    /// Writes `report.html` into the folder of a run or of a comparison. On rank 0.
    ///
    /// - Throws: `ReportError` where there is nothing to show; `OutputFileError` where the file cannot be written.
    package static func write(folder: String) throws {
        let page = try RunReport(folders: [folder]).html()
        try OutputFile.replace("\(folder)/report.html", with: page)
    }

    private static func requireFolder(_ folder: String) throws(ReportError) {
        var status = stat()
        guard stat(folder, &status) == 0 else {
            throw ReportError(
                "\(folder.shownPath): cannot be read: \(String(cString: strerror(errno)))",
                exitCode: ExitCode.inputOutput)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw ReportError(
                "\(folder.shownPath): is not a folder; give the folder of a run, the `output` of its configuration",
                exitCode: ExitCode.badData)
        }
    }

    private static func comparison(_ folder: String) throws(ReportError) -> ComparisonRecord? {
        let path = folder + "/compare.json"
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, limit: ComparisonRecord.largestFile).bytes
        } catch {
            if case .missing = error { return nil }
            throw ReportError("\(path.shownPath): \(error.description)", exitCode: ExitCode.inputOutput)
        }
        guard let record = try? JSONDecoder().decode(ComparisonRecord.self, from: Data(bytes)) else {
            throw ReportError(
                "\(path.shownPath): is not as `ballast compare` writes it; run the comparison again, which writes it anew",
                exitCode: ExitCode.badData)
        }
        return record
    }

    /// The runs of a comparison, `runs/METHOD/seed-N`: those of the table, then those by which settings were chosen.
    private static func runs(ofComparison folder: String, chosenBy selectionSeeds: [UInt64]) -> [RecordedRun]
    {
        func names(_ path: String) -> [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            return names.filter { !$0.hasPrefix(".") }.sorted()
        }
        let selection = Set(selectionSeeds.map { "seed-\($0)" })
        let places = names(folder + "/runs").flatMap {
            method -> [(name: String, isFirst: Bool, isSelection: Bool)] in
            // Numbers of seeds in their order: the longer one is the larger.
            let seeds = names("\(folder)/runs/\(method)").sorted { ($0.count, $0) < ($1.count, $1) }
            let ordered = seeds.filter { !selection.contains($0) } + seeds.filter { selection.contains($0) }
            return ordered.enumerated().map { number, seed in
                (name: "\(method)/\(seed)", isFirst: number == 0, isSelection: selection.contains(seed))
            }
        }
        let ordered = places.filter { !$0.isSelection } + places.filter { $0.isSelection }
        // Of the seeds of a method one is shown in detail.
        return ordered.prefix(mostRuns).compactMap { place in
            var run = RecordedRun(
                folder: "\(folder)/runs/\(place.name)", name: place.name, isDetailed: place.isFirst)
            run?.isSelection = place.isSelection
            return run
        }
    }
}
