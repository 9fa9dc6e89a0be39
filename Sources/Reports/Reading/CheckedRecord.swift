/// `report.json` after a look at everything in it: indices point at something, numbers are finite and lists are as short
/// as they should be. What is not so is left out.
struct CheckedRecord {
    let record: ReportRecord
    /// A picture for each entry of `pictures`; nil where it has none that can be shown.
    let thumbnails: [Thumbnail?]

    private typealias Limits = ReportRecord.Limits
    private static let largestCount = 1 << 40
    /// A little more than a record may have, since people edit files.
    static let largestFile = 2 * Limits.bytes
    private static let mostTaps = 16
    private static let mostClasses = 100_000

    init(_ found: ReportRecord) {
        var record = found
        record.classes = found.classes.map { Array($0.prefix(Self.mostClasses)) }
        let classes = record.classes?.count ?? 0
        func isClass(_ label: Int) -> Bool { (0..<max(classes, 1)).contains(label) }
        record.pictures = found.pictures?.prefix(Limits.pictures).map { picture in
            var picture = picture
            picture.probability = Self.share(picture.probability)
            picture.labelProbability = Self.share(picture.labelProbability)
            return picture
        }
        let pictures = record.pictures?.count ?? 0
        func indices(_ list: [Int]?, _ limit: Int) -> [Int]? {
            list.map { Array($0.prefix(limit)).filter { (0..<pictures).contains($0) } }
        }
        record.confusion = found.confusion?.prefix(Limits.confusion).filter {
            isClass($0.truth) && isClass($0.prediction) && (1...Self.largestCount).contains($0.count)
        }
        record.calibration = found.calibration?.prefix(Limits.calibrationBins).filter {
            [$0.low, $0.high, $0.confidence, $0.accuracy].allSatisfy { (0...1).contains($0) }
                && (0...Self.largestCount).contains($0.count)
        }
        record.worst = indices(found.worst, Limits.worst)
        record.best = indices(found.best, Limits.best)
        record.suspectLabels = indices(found.suspectLabels, Limits.suspectLabels)
        record.confused = found.confused?.prefix(Limits.confusedPairs).map { pair in
            var pair = pair
            pair.pictures = indices(pair.pictures, Limits.picturesOfPair) ?? []
            return pair
        }
        record.features = found.features.map(Self.points)
        record.queues = found.queues.map {
            ReportRecord.Queues(
                features: Self.points($0.features), projections: Self.points($0.projections))
        }
        record.attention = found.attention?.prefix(Self.mostTaps).map { Self.tap($0, pictures) }
        self.record = record
        thumbnails = (record.pictures ?? []).map { $0.thumbnail.flatMap(Thumbnail.init(base64:)) }
    }

    private static func share(_ value: Double) -> Double { (0...1).contains(value) ? value : .nan }

    private static func points(_ points: [ReportRecord.PlottedPoint]) -> [ReportRecord.PlottedPoint] {
        points.prefix(Limits.points).filter { ChartAxis.shows($0.x) && ChartAxis.shows($0.y) }
    }

    private static func tap(_ tap: ReportRecord.TapAttention, _ pictures: Int) -> ReportRecord.TapAttention {
        var tap = tap
        tap.weights = tap.weights.prefix(Limits.attentionWeights).filter { $0 >= 0 && ChartAxis.shows($0) }
        tap.pictures = tap.pictures.prefix(Limits.picturesOfTap).filter { map in
            let columns = map.heat.first?.count ?? 0
            return (0..<pictures).contains(map.picture) && (1...Limits.heatSide).contains(map.heat.count)
                && (1...Limits.heatSide).contains(columns)
                && map.heat.allSatisfy { row in
                    row.count == columns && row.allSatisfy { (0...1).contains($0) }
                }
        }
        return tap
    }
}
