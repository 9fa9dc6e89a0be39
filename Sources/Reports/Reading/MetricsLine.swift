/// One line of `metrics.jsonl`, as far as a report shows it. Keys that a kind of event does not have are nil; numbers that
/// were not finite are null in the file and nil here.
struct MetricsLine: Decodable {
    /// Seconds of the parts of a step.
    struct Seconds: Decodable {
        let data: Double?
        let forward: Double?
        let backward: Double?
        let communication: Double?
        let optimizer: Double?

        /// Names and values, in the order of a step.
        var parts: [(name: String, value: Double?)] {
            [
                ("data", data), ("forward", forward), ("backward", backward),
                ("communication", communication), ("optimizer", optimizer),
            ]
        }
    }

    /// How far a layer is from where the run started.
    struct Layer: Decodable {
        let name: String
        let distance: Double?
        let relative: Double?
    }

    let event: String
    let step: Double?
    let epoch: Double?
    let loss: Double?
    let classificationLoss: Double?
    let penalty: Double?
    let accuracy: Double?
    let meanClassAccuracy: Double?
    let learningRate: Double?
    let imagesPerSecond: Double?
    let split: String?
    let count: Double?
    let bestStep: Double?
    let layers: [Layer]?
    let singularValues: [Double?]?
    /// What a notice says.
    let text: String?
    /// Of a step its parts, of other events a number.
    let stepSeconds: Seconds?
    let seconds: Double?

    private enum CodingKeys: String, CodingKey {
        case event, step, epoch, loss, penalty, accuracy, split, count, layers, seconds, text
        case classificationLoss = "classification-loss"
        case meanClassAccuracy = "mean-class-accuracy"
        case learningRate = "learning-rate"
        case imagesPerSecond = "images-per-second"
        case bestStep = "best-step"
        case singularValues = "singular-values"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys) throws -> Double? {
            try values.decodeIfPresent(Double.self, forKey: key)
        }
        event = try values.decode(String.self, forKey: .event)
        (step, epoch) = (try number(.step), try number(.epoch))
        (loss, classificationLoss) = (try number(.loss), try number(.classificationLoss))
        (penalty, learningRate) = (try number(.penalty), try number(.learningRate))
        (accuracy, meanClassAccuracy) = (try number(.accuracy), try number(.meanClassAccuracy))
        (imagesPerSecond, count) = (try number(.imagesPerSecond), try number(.count))
        split = try values.decodeIfPresent(String.self, forKey: .split)
        bestStep = try number(.bestStep)
        layers = try values.decodeIfPresent([Layer].self, forKey: .layers)
        singularValues = try values.decodeIfPresent([Double?].self, forKey: .singularValues)
        text = event == "notice" ? try values.decode(String.self, forKey: .text) : nil
        let isStep = event == "step"
        stepSeconds = isStep ? try values.decodeIfPresent(Seconds.self, forKey: .seconds) : nil
        seconds = isStep ? nil : try number(.seconds)
    }
}
