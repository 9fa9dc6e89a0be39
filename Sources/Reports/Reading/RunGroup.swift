internal import Foundation

/// Runs that differ by their seed alone, or a run by itself. Those by which settings were chosen are apart from others.
struct RunGroup {
    /// What they are called together.
    let name: String
    let runs: [RecordedRun]

    /// Groups in order of their first runs.
    static func groups(of runs: [RecordedRun]) -> [RunGroup] {
        var order: [[RecordedRun]] = []
        var places: [String: Int] = [:]
        for run in runs {
            let key = run.configuration.map { "\(run.isSelection)\n\($0.textWithoutSeed)" }
            if let key, let place = places[key] {
                order[place].append(run)
            } else {
                if let key { places[key] = order.count }
                order.append([run])
            }
        }
        return order.map { runs in
            let end = runs.contains { $0.isSelection } ? ", to choose settings" : ""
            return RunGroup(name: commonName(runs) + end, runs: runs)
        }
    }

    /// What the names begin with, without `seed`, marks and digits at its end; the method where that is nothing.
    private static func commonName(_ runs: [RecordedRun]) -> String {
        guard runs.count > 1, let first = runs.first else { return runs.first?.name ?? "" }
        var name = runs.dropFirst().reduce(first.name) { $0.commonPrefix(with: $1.name) }
        // 10 and 11 begin alike, and are two numbers nevertheless.
        if runs.contains(where: { $0.name.dropFirst(name.count).first?.isNumber == true }) {
            while name.last?.isNumber == true { name.removeLast() }
        }
        let ends = "-_/. "
        while let last = name.last, ends.contains(last) { name.removeLast() }
        if name.hasSuffix("seed") { name.removeLast(4) }
        while let last = name.last, ends.contains(last) { name.removeLast() }
        return name.isEmpty ? first.method ?? first.name : name
    }

    /// The name with the number of seeds.
    var title: String { runs.count == 1 ? name : "\(name) (\(runs.count) seeds)" }

    /// A curve of the run, or the mean of several with a band from the least to the most.
    func series(_ curve: (MetricsLog) -> SampledCurve, atMost limit: Int) -> LineChart.Series {
        let curves = runs.compactMap { $0.log.map(curve)?.points(atMost: limit) }.filter { !$0.isEmpty }
        guard curves.count > 1, let grid = curves.max(by: { $0.count < $1.count }) else {
            return LineChart.Series(title, curves.first ?? [])
        }
        var points: [LineChart.Point] = []
        var band: [(x: Double, low: Double, high: Double)] = []
        for point in grid {
            let values = curves.compactMap { Self.value(of: $0, at: point.x) }
            points.append(
                LineChart.Point(
                    point.x, values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)))
            if let low = values.min(), let high = values.max(), values.count > 1 {
                band.append((point.x, low, high))
            }
        }
        return LineChart.Series(title, points, band: band)
    }

    /// The value at a place, between two points where there is none; nil outside, and beside a gap.
    static func value(of points: [LineChart.Point], at x: Double) -> Double? {
        var (low, high) = (0, points.count)
        while low < high {
            let middle = (low + high) / 2
            if points[middle].x < x { low = middle + 1 } else { high = middle }
        }
        guard low < points.count else { return nil }
        if points[low].x == x { return points[low].y }
        guard low > 0, let before = points[low - 1].y, let after = points[low].y else { return nil }
        let part = (x - points[low - 1].x) / (points[low].x - points[low - 1].x)
        return before + part * (after - before)
    }
}
