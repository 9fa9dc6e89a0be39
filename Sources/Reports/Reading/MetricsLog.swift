internal import Foundation
internal import Hosts

/// What `metrics.jsonl` says of a run, in an amount of memory that does not grow with its length.
struct MetricsLog {
    /// An evaluation.
    struct Evaluation {
        let step: Double
        let accuracy: Double?
        let meanClassAccuracy: Double?
        let loss: Double?
        let count: Int?
    }

    /// What a person was told to look at, after some steps.
    struct Notice {
        let step: Double
        let text: String
    }

    /// The curves of the steps.
    private(set) var loss = SampledCurve()
    private(set) var classificationLoss = SampledCurve()
    private(set) var penalty = SampledCurve()
    private(set) var accuracy = SampledCurve()
    private(set) var learningRate = SampledCurve()
    private(set) var imagesPerSecond = SampledCurve()
    /// Seconds of each part of a step, and their sums.
    private(set) var seconds: [(name: String, curve: SampledCurve, sum: Double)] = []
    /// Accuracy and loss of the evaluations on the validation split.
    private(set) var validationAccuracy = SampledCurve()
    private(set) var validationLoss = SampledCurve()
    /// The last evaluations.
    private(set) var validation: Evaluation?
    private(set) var test: Evaluation?
    /// The distance of all weights from the start, and that of each layer at the end.
    private(set) var distance = SampledCurve()
    private(set) var layers: [MetricsLine.Layer] = []
    /// Singular values of the last batch's features, largest first, at some moments.
    private(set) var spectra: [(step: Double, values: [Double])] = []
    private(set) var stepCount = 0
    private(set) var lastStep = 0.0
    private(set) var lastEpoch: Double?
    /// Steps after which the saved model stood, and seconds of the whole run; nil where it has not ended.
    private(set) var bestStep: Double?
    private(set) var runSeconds: Double?
    private(set) var isFinished = false
    /// The first notices, each text once, and how many lines are none of them.
    private(set) var notices: [Notice] = []
    private(set) var furtherNoticeCount = 0
    /// Lines that are no events, and whether the last one is cut off.
    private(set) var damagedCount = 0
    private(set) var isTorn = false

    private static let (mostLayers, mostSpectra, mostValues) = (1000, 64, 64)
    private static let (mostNotices, longestNotice) = (20, 600)
    /// The largest step that is taken for one.
    private static let largestStep = 1e15

    /// Reads the log.
    ///
    /// - Throws: What the system says where it cannot be read.
    init(contentsOf path: String) throws {
        let decoder = JSONDecoder()
        var (log, isLastDamaged) = (Self(), false)
        let end = try TextLines.read(path) { bytes in
            guard !bytes.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) else { return }
            let line = try? decoder.decode(MetricsLine.self, from: bytes)
            isLastDamaged = line.map { !log.add($0) } ?? true
            if isLastDamaged { log.damagedCount += 1 }
        }
        log.damagedCount += end.longCount
        if end.isTorn, isLastDamaged { log.damagedCount -= 1 }
        log.isTorn = end.isTorn && isLastDamaged
        self = log
    }

    private init() {}

    /// Takes an event in; false where it has no place in the run.
    private mutating func add(_ line: MetricsLine) -> Bool {
        if line.event == "finished" {
            (isFinished, bestStep, runSeconds) = (true, line.bestStep, line.seconds)
            return true
        }
        guard let step = line.step, (0...Self.largestStep).contains(step) else { return false }
        switch line.event {
        case "step": addStep(step, line)
        case "evaluation": addEvaluation(step, line)
        case "distances": addDistances(step, line.layers ?? [])
        case "spectrum": addSpectrum(step, line.singularValues ?? [])
        case "notice": addNotice(step, line.text ?? "")
        default: break
        }
        return true
    }

    private mutating func addStep(_ step: Double, _ line: MetricsLine) {
        stepCount += 1
        (lastStep, lastEpoch) = (step, line.epoch ?? lastEpoch)
        loss.add(step, line.loss)
        classificationLoss.add(step, line.classificationLoss)
        penalty.add(step, line.penalty)
        accuracy.add(step, line.accuracy)
        learningRate.add(step, line.learningRate)
        imagesPerSecond.add(step, line.imagesPerSecond)
        guard let parts = line.stepSeconds?.parts else { return }
        if seconds.isEmpty { seconds = parts.map { (name: $0.name, curve: SampledCurve(), sum: 0) } }
        for (place, part) in parts.enumerated() {
            seconds[place].curve.add(step, part.value)
            if let value = part.value, (0..<1e9).contains(value) { seconds[place].sum += value }
        }
    }

    private mutating func addEvaluation(_ step: Double, _ line: MetricsLine) {
        let evaluation = Evaluation(
            step: step, accuracy: line.accuracy, meanClassAccuracy: line.meanClassAccuracy, loss: line.loss,
            count: line.count.flatMap { Int(exactly: $0) })
        guard line.split != "test" else {
            test = evaluation
            return
        }
        validation = evaluation
        validationAccuracy.add(step, line.accuracy)
        validationLoss.add(step, line.loss)
    }

    /// A run that goes on says again what its configuration makes it say.
    private mutating func addNotice(_ step: Double, _ text: String) {
        let text = text.printable(atMost: Self.longestNotice, keepsLines: false)
        guard !text.isEmpty, !notices.contains(where: { $0.text == text }) else { return }
        guard notices.count < Self.mostNotices else {
            furtherNoticeCount += 1
            return
        }
        notices.append(Notice(step: step, text: text))
    }

    private mutating func addDistances(_ step: Double, _ found: [MetricsLine.Layer]) {
        layers = Array(found.prefix(Self.mostLayers))
        let squares = found.compactMap(\.distance).reduce(0) { $0 + $1 * $1 }
        distance.add(step, squares.squareRoot())
    }

    private mutating func addSpectrum(_ step: Double, _ values: [Double?]) {
        let shown = values.prefix(Self.mostValues).compactMap { $0 }.filter { $0 >= 0 && ChartAxis.shows($0) }
        guard !shown.isEmpty else { return }
        if spectra.count >= Self.mostSpectra {
            // The first stays; what goes on grows anew.
            spectra = stride(from: 0, to: spectra.count, by: 2).map { spectra[$0] }
        }
        spectra.append((step, shown))
    }
}
