/// What a run leaves for its report, `RUN/report.json`: how its final model did on the evaluated split, with the
/// pictures that show it.
///
/// Keys are in kebab case. A key that does not apply is absent; a reader ignores keys that it does not know. A file has
/// at most `Limits.bytes` bytes, and its lists at most the numbers below: a reader takes nothing else for granted, as
/// anybody may have written it.
package struct ReportRecord: Codable, Sendable, Equatable {
    /// `test`, `validation` or, of data that a user named, `evaluation`; nil where nothing was evaluated, and then there is
    /// nothing that needs predictions.
    package var split: String?
    /// Samples evaluated.
    package var samples: Int?
    /// Names of the classes, in the order of the labels.
    package var classes: [String]?
    /// The method's name, as in a configuration; nil where nobody knows, as of a model without its run.
    package var method: String?
    /// How often which class was taken for which, by truth, then prediction; without those that never were, and without
    /// samples that have no prediction. Of more than `Limits.confusion` the rarest confusions are left out.
    package var confusion: [ConfusionCount]?
    /// How far the model's probabilities can be believed: ten bins of the probability of the prediction.
    package var calibration: [CalibrationBin]?
    /// Σ over bins of (count / n) · |accuracy − confidence| (Naeini, Cooper, Hauskrecht, AAAI 2015), 0 to 1.
    package var expectedCalibrationError: Double?
    /// The samples that the lists below refer to by index.
    package var pictures: [Picture]?
    /// The wrong predictions of which the model was surest, surest first.
    package var worst: [Int]?
    /// The right predictions of which the model was surest, surest first.
    package var best: [Int]?
    /// Pairs of classes with most errors, most first.
    package var confused: [ConfusedPair]?
    /// Samples whose label is probably wrong (confident learning: Northcutt, Jiang, Chuang, JAIR 2021), the least
    /// likely label first.
    package var suspectLabels: [Int]?
    /// Features of evaluated samples on their two principal axes.
    package var features: [PlottedPoint]?
    /// Bi-Tuning's queues.
    package var queues: Queues?
    /// DELTA's attention, a tap an entry, from the first layer to the last.
    package var attention: [TapAttention]?

    /// A record in which only the method is known.
    package init(method: String?) { self.method = method }

    private enum CodingKeys: String, CodingKey {
        case split, samples, classes, method, confusion, calibration, pictures, worst, best, confused
        case features, queues, attention
        case expectedCalibrationError = "expected-calibration-error"
        case suspectLabels = "suspect-labels"
    }

    /// How long a record and its lists may be.
    package enum Limits {
        /// Bytes of a file.
        package static let bytes = 3 << 20
        /// Counts in `confusion`.
        package static let confusion = 60_000
        /// Bins of `calibration`.
        package static let calibrationBins = 10
        /// Entries of `pictures`.
        package static let pictures = 120
        /// Longer side of a thumbnail, in pixels.
        package static let thumbnailSide = 96
        /// Entries of `worst`.
        package static let worst = 24
        /// Entries of `best`.
        package static let best = 12
        /// Entries of `confused`.
        package static let confusedPairs = 12
        /// Pictures of a confused pair.
        package static let picturesOfPair = 4
        /// Entries of `suspectLabels`.
        package static let suspectLabels = 24
        /// Points of `features`, and of each queue.
        package static let points = 1_000
        /// Entries of a tap's `weights`.
        package static let attentionWeights = 64
        /// Pictures of a tap.
        package static let picturesOfTap = 4
        /// Rows, and columns, of a heat map.
        package static let heatSide = 28
        /// Characters of a class's or a sample's name.
        package static let nameCharacters = 200
    }
}

extension ReportRecord {
    /// How often a class was taken for another, or itself: in the file `[truth, prediction, count]`.
    package struct ConfusionCount: Codable, Sendable, Equatable {
        /// The class of the label.
        package var truth: Int
        /// The class that was predicted.
        package var prediction: Int
        /// Samples, at least 1.
        package var count: Int

        package init(truth: Int, prediction: Int, count: Int) {
            (self.truth, self.prediction, self.count) = (truth, prediction, count)
        }

        package init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            truth = try values.decode(Int.self)
            prediction = try values.decode(Int.self)
            count = try values.decode(Int.self)
        }

        package func encode(to encoder: any Encoder) throws {
            var values = encoder.unkeyedContainer()
            try values.encode(truth)
            try values.encode(prediction)
            try values.encode(count)
        }
    }

    /// Samples whose prediction had a probability in [low, high), or up to 1 in the last bin.
    package struct CalibrationBin: Codable, Sendable, Equatable {
        /// Lower end of the bin.
        package var low: Double
        /// Upper end of the bin.
        package var high: Double
        /// Samples in it.
        package var count: Int
        /// Mean probability of their predictions; 0 where there are none.
        package var confidence: Double
        /// Share of them that was right; 0 where there are none.
        package var accuracy: Double

        package init(low: Double, high: Double, count: Int, confidence: Double, accuracy: Double) {
            (self.low, self.high, self.count) = (low, high, count)
            (self.confidence, self.accuracy) = (confidence, accuracy)
        }
    }

    /// A sample that the report shows.
    package struct Picture: Codable, Sendable, Equatable {
        /// Path of its file, or its number where the data have no names.
        package var sample: String
        /// Its label.
        package var label: Int
        /// What the model predicts; a negative number where its outputs were not finite.
        package var prediction: Int
        /// The prediction's probability; 0 where there is none.
        package var probability: Double
        /// The label's probability.
        package var labelProbability: Double
        /// A JPEG in base64, at most `Limits.thumbnailSide` pixels on its longer side; nil where the image cannot be
        /// shown.
        package var thumbnail: String?

        package init(
            sample: String, label: Int, prediction: Int, probability: Double, labelProbability: Double,
            thumbnail: String?
        ) {
            (self.sample, self.label, self.prediction) = (sample, label, prediction)
            (self.probability, self.labelProbability) = (probability, labelProbability)
            self.thumbnail = thumbnail
        }

        private enum CodingKeys: String, CodingKey {
            case sample, label, prediction, probability, thumbnail
            case labelProbability = "label-probability"
        }
    }

    /// A class that was taken for another.
    package struct ConfusedPair: Codable, Sendable, Equatable {
        /// The class of the label.
        package var truth: Int
        /// The class that was predicted, another one.
        package var prediction: Int
        /// Samples.
        package var count: Int
        /// Indices into `pictures`, those first of which the model was surest.
        package var pictures: [Int]

        package init(truth: Int, prediction: Int, count: Int, pictures: [Int]) {
            (self.truth, self.prediction, self.count) = (truth, prediction, count)
            self.pictures = pictures
        }
    }

    /// A sample on two axes: in the file `[x, y, label]`.
    package struct PlottedPoint: Codable, Sendable, Equatable {
        /// Coordinate on the axis of largest variance.
        package var x: Double
        /// Coordinate on the next axis.
        package var y: Double
        /// The sample's label.
        package var label: Int

        package init(x: Double, y: Double, label: Int) { (self.x, self.y, self.label) = (x, y, label) }

        package init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            x = try values.decode(Double.self)
            y = try values.decode(Double.self)
            label = try values.decode(Int.self)
        }

        package func encode(to encoder: any Encoder) throws {
            var values = encoder.unkeyedContainer()
            try values.encode(x)
            try values.encode(y)
            try values.encode(label)
        }
    }

    /// Bi-Tuning's queues, each on two principal axes of its own.
    package struct Queues: Codable, Sendable, Equatable {
        /// Keys of classification: the key encoder's predictions.
        package var features: [PlottedPoint]
        /// Keys of projection: the key encoder's projected features.
        package var projections: [PlottedPoint]

        package init(features: [PlottedPoint], projections: [PlottedPoint]) {
            (self.features, self.projections) = (features, projections)
        }
    }

    /// DELTA's attention at a tap.
    package struct TapAttention: Codable, Sendable, Equatable {
        /// Name of the layer.
        package var tap: String
        /// The channels' weights, largest first: all, or quantiles at equal distances from the largest to the smallest.
        package var weights: [Double]
        /// Where the tap looks.
        package var pictures: [HeatMap]

        package init(tap: String, weights: [Double], pictures: [HeatMap]) {
            (self.tap, self.weights, self.pictures) = (tap, weights, pictures)
        }
    }

    /// Where a tap's activation, squared and weighted by the channels' attention, is large in a picture.
    package struct HeatMap: Codable, Sendable, Equatable {
        /// Index into `pictures`.
        package var picture: Int
        /// Rows from top to bottom, of equal height and together as high as the picture, each value from 0, where the
        /// activation is least, to 1, where it is largest; 0 also where a crop hid the picture from the network.
        package var heat: [[Double]]

        package init(picture: Int, heat: [[Double]]) { (self.picture, self.heat) = (picture, heat) }
    }
}
