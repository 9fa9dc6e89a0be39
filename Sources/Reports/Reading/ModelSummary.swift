/// What a report takes from `model.json`; a key that is absent is not shown.
struct ModelSummary: Decodable {
    /// An evaluation of the model.
    struct Evaluation: Decodable {
        let accuracy: Double?
        let meanClassAccuracy: Double?
        let loss: Double?
        let count: Int?

        private enum CodingKeys: String, CodingKey {
            case accuracy, loss, count
            case meanClassAccuracy = "mean-class-accuracy"
        }
    }

    /// Its evaluations.
    struct Metrics: Decodable {
        let validation: Evaluation?
        let test: Evaluation?
    }

    /// What the model is.
    struct Model: Decodable {
        let network: String?
        let classNames: [String]?
        let imageSize: [Int]?

        private enum CodingKeys: String, CodingKey {
            case network
            case classNames = "class-names"
            case imageSize = "image-size"
        }
    }

    let ballastVersion: String?
    let method: String?
    let modelDigest: String?
    let sourceDigest: String?
    let step: Int?
    let bestBy: String?
    let metrics: Metrics?
    let model: Model?

    private enum CodingKeys: String, CodingKey {
        case method, step, metrics, model
        case ballastVersion = "ballast-version"
        case modelDigest = "model-sha256"
        case sourceDigest = "source-weights-sha256"
        case bestBy = "best-by"
    }

    /// A larger file is none.
    static let largestFile = 16 << 20
}
