/// A number over the steps of a run in at most `limit` points, however many steps there are: where they become too many,
/// each two neighbors become their mean.
struct SampledCurve {
    /// The mean of some steps.
    private struct Part {
        /// The last of the steps.
        var step: Double
        var sum = 0.0
        /// Steps that have a number.
        var count = 0
    }

    private var parts: [Part] = []
    private var open: (part: Part, steps: Int)?
    /// Steps that a point stands for.
    private(set) var stepsPerPoint = 1
    /// Steps without a number, or with one that is not finite.
    private(set) var missingCount = 0

    private static let limit = 1000

    /// Adds the number of a step.
    mutating func add(_ step: Double, _ value: Double?) {
        let value = value.flatMap { ChartAxis.shows($0) ? $0 : nil }
        if value == nil { missingCount += 1 }
        var (part, steps) = open ?? (Part(step: step), 0)
        part.step = step
        part.sum += value ?? 0
        part.count += value == nil ? 0 : 1
        steps += 1
        guard steps >= stepsPerPoint else {
            open = (part, steps)
            return
        }
        parts.append(part)
        open = nil
        if parts.count >= Self.limit { halve() }
    }

    /// The points; a point without a value is one of whose steps none had a number.
    var points: [LineChart.Point] {
        (parts + (open.map { [$0.part] } ?? [])).map { part in
            LineChart.Point(part.step, part.count == 0 ? nil : part.sum / Double(part.count))
        }
    }

    /// The largest of all points.
    var largest: Double? { points.compactMap(\.y).max() }

    /// The points, but no more than some.
    func points(atMost limit: Int) -> [LineChart.Point] {
        let points = self.points
        let stride = (points.count + limit - 1) / max(1, limit)
        guard stride > 1 else { return points }
        return Swift.stride(from: 0, to: points.count, by: stride).map { start in
            let part = points[start..<min(start + stride, points.count)]
            let values = part.compactMap(\.y)
            return LineChart.Point(
                part[part.endIndex - 1].x,
                values.isEmpty ? nil : values.reduce(0, +) / Double(values.count))
        }
    }

    private mutating func halve() {
        parts = stride(from: 0, to: parts.count, by: 2).map { place in
            guard place + 1 < parts.count else { return parts[place] }
            var part = parts[place + 1]
            part.sum += parts[place].sum
            part.count += parts[place].count
            return part
        }
        stepsPerPoint *= 2
    }
}
