/// How much of everything a page shows. A page that came out too large is made again with less.
struct ReportDetail {
    /// Runs whose errors, matrix and method are shown; all runs are in the tables and curves.
    let runs: Int
    /// Pictures of a run.
    let pictures: Int
    /// Classes up to which all counts of the confusion matrix are written.
    let matrixClasses: Int
    /// Rows of the tables of classes.
    let classes: Int
    /// Points of a curve.
    let points: Int
    /// Rows of the tables of runs.
    let tableRuns: Int
    /// Configurations that are shown whole, and characters of each.
    let configurations: Int

    /// From all that is worth showing to little.
    static let levels = [
        ReportDetail(
            runs: 8, pictures: 120, matrixClasses: 100, classes: 1000, points: 500, tableRuns: 200,
            configurations: 20),
        ReportDetail(
            runs: 4, pictures: 90, matrixClasses: 60, classes: 500, points: 300, tableRuns: 200,
            configurations: 8),
        ReportDetail(
            runs: 2, pictures: 40, matrixClasses: 20, classes: 200, points: 200, tableRuns: 100,
            configurations: 2),
        ReportDetail(
            runs: 1, pictures: 0, matrixClasses: 0, classes: 50, points: 100, tableRuns: 40,
            configurations: 1),
    ]

    /// Bytes of a page.
    static let largestPage = 5_000_000
    /// Lines in a chart; more are not told apart.
    static let linesInChart = 8
}
