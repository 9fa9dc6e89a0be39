package import Training

/// Where a run writes, as rank 0 sees it.
package struct OutputFacts: Sendable, Codable, Equatable {
    /// The folder of the run.
    var path: String
    /// The nearest folder that is there already.
    var existingFolder: String
    /// Bytes that are free there.
    var freeBytes: Int64
    /// Seconds that a small file took to reach the disk; nil where none was written.
    var flushSeconds: Double?
    /// Seconds for each byte of a large file to reach the disk; nil where none was written.
    var writeSecondsPerByte: Double?

    package init(
        path: String, existingFolder: String, freeBytes: Int64, flushSeconds: Double?,
        writeSecondsPerByte: Double? = nil
    ) {
        (self.path, self.existingFolder) = (path, existingFolder)
        (self.freeBytes, self.flushSeconds) = (freeBytes, flushSeconds)
        self.writeSecondsPerByte = writeSecondsPerByte
    }
}

/// The data of a run, and how fast they are read.
package struct DataFacts: Sendable, Codable, Equatable {
    /// Samples of the training split.
    var trainingCount: Int
    /// Samples of the validation split, if there is one.
    var validationCount: Int?
    /// Samples of the test split, if there is one.
    var testCount: Int?
    /// Classes.
    var classCount: Int
    /// Channels, rows and columns of an image.
    var imageSize: [Int]
    /// Samples of a step that the rank with most of them has.
    var rankBatch: Int
    /// Seconds in which the slowest rank reads its samples of a step.
    var stepSeconds: Double

    package init(
        trainingCount: Int, validationCount: Int?, testCount: Int?, classCount: Int, imageSize: [Int],
        rankBatch: Int, stepSeconds: Double
    ) {
        (self.trainingCount, self.validationCount) = (trainingCount, validationCount)
        (self.testCount, self.classCount, self.imageSize) = (testCount, classCount, imageSize)
        (self.rankBatch, self.stepSeconds) = (rankBatch, stepSeconds)
    }

    /// Images that a rank reads in a second.
    var imagesPerSecond: Double { Double(rankBatch) / stepSeconds }
}

/// What the steps of a run cost, and what follows from it.
package struct StepFacts: Sendable, Codable, Equatable {
    /// Name of network and method.
    var title: String
    /// Samples of all ranks in a step.
    var globalBatch: Int
    /// Medians by part, on rank 0.
    var parts: StepSeconds
    /// The median of whole steps, on the slowest rank.
    var stepSeconds: Double
    /// Numbers that are trained.
    var parameterCount: Int
    /// Numbers that the method keeps beside them.
    var stateCount: Int
    /// Checkpoints that lie on the disk at a time: those that are kept, the best, and the one being written.
    var checkpointCount: Int
    /// The most memory that each rank held, in bytes.
    var peakBytes: [Int64]
    /// Steps of an epoch.
    var stepsPerEpoch: Int
    /// Epochs of the run.
    var epochs: Int
    /// Seconds that a rank takes to evaluate one image; nil where no rank had one.
    var evaluationSecondsPerImage: Double?
    /// Whether the method looks at all training samples before the first step.
    var hasPreparation: Bool

    package init(
        title: String, globalBatch: Int, parts: StepSeconds, stepSeconds: Double, parameterCount: Int,
        stateCount: Int, checkpointCount: Int, peakBytes: [Int64], stepsPerEpoch: Int, epochs: Int,
        evaluationSecondsPerImage: Double?, hasPreparation: Bool
    ) {
        (self.title, self.globalBatch, self.parts) = (title, globalBatch, parts)
        (self.stepSeconds, self.parameterCount, self.stateCount) = (stepSeconds, parameterCount, stateCount)
        (self.checkpointCount, self.peakBytes) = (checkpointCount, peakBytes)
        (self.stepsPerEpoch, self.epochs) = (stepsPerEpoch, epochs)
        self.evaluationSecondsPerImage = evaluationSecondsPerImage
        self.hasPreparation = hasPreparation
    }

    /// Bytes of the checkpoints: values and the model of each, all of 32 bits, and the state of optimizer and method.
    package var checkpointBytes: Int64 { 4 * Int64(checkpointCount) * Int64(2 * parameterCount + stateCount) }

    /// Seconds in which all ranks together evaluate so many images.
    func evaluationSeconds(_ imageCount: Int?) -> Double {
        let rankCount = max(1, peakBytes.count)
        let largestShare = ((imageCount ?? 0) + rankCount - 1) / rankCount
        return Double(largestShare) * (evaluationSecondsPerImage ?? 0)
    }

    /// Seconds of an epoch and of the evaluation after it.
    func epochSeconds(_ data: DataFacts?) -> Double {
        // A loader that cannot keep up makes every step wait.
        Double(stepsPerEpoch) * max(stepSeconds, data?.stepSeconds ?? 0)
            + evaluationSeconds(data?.validationCount)
    }

    /// Seconds before the first step, in which a method looks at all training samples.
    func preparationSeconds(_ data: DataFacts?) -> Double {
        hasPreparation ? evaluationSeconds(data?.trainingCount) : 0
    }

    /// Seconds of the whole run, that of the test split included where there is one.
    func runSeconds(_ data: DataFacts?) -> Double {
        Double(epochs) * epochSeconds(data) + evaluationSeconds(data?.testCount) + preparationSeconds(data)
    }
}
