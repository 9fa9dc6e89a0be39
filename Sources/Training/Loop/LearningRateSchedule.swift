internal import Foundation

/// How the learning rate moves over a run: a pure function of the step.
public struct LearningRateSchedule: Sendable {
    /// The course after warm-up.
    public enum Course: Sendable {
        /// Multiplied by `gamma` at the start of each epoch in `milestones`.
        case multiStep(milestones: [Int], gamma: Double)
        /// `½ (1 + cos(π · step / steps))`: from 1 down to 0 at the end of the run. Loshchilov and Hutter, ICLR 2017.
        case cosine
        /// 1 throughout.
        case constant
    }

    private let course: Course
    private let warmUpSteps: Int
    private let stepsPerEpoch: Int
    private let epochs: Int

    /// - Parameters:
    ///   - course: The course after warm-up.
    ///   - warmUpSteps: Steps over which the rate rises linearly from its `1 / warmUpSteps`-th part.
    ///   - stepsPerEpoch: Steps in an epoch.
    ///   - epochs: Epochs in the run.
    public init(_ course: Course, warmUpSteps: Int, stepsPerEpoch: Int, epochs: Int) {
        (self.course, self.warmUpSteps) = (course, warmUpSteps)
        (self.stepsPerEpoch, self.epochs) = (stepsPerEpoch, epochs)
    }

    /// Factor of the learning rate at a step; the first step is 0.
    public func factor(step: Int) -> Double {
        let warmUp = step < warmUpSteps ? Double(step + 1) / Double(warmUpSteps) : 1
        switch course {
        case .multiStep(let milestones, let gamma):
            let epoch = step / stepsPerEpoch
            return warmUp * pow(gamma, Double(milestones.count { $0 <= epoch }))
        case .cosine:
            return warmUp * (1 + cos(.pi * Double(step) / Double(stepsPerEpoch * epochs))) / 2
        case .constant: return warmUp
        }
    }
}
