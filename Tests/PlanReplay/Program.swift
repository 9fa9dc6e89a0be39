import Foundation
import ImageData
import Layers
import ProcessGroups
import Regularizers
import Runs
import Tensors
import Training

/// Plays the steps that `ballast doctor --plan … --json` measured, with waits in place of computing and with all messages,
/// and prints the median of their seconds: what a cluster of more hosts than cores would take.
///
///     PlanReplay PLAN.json LOCAL_BATCH none|polling|thread float32|bfloat16 STEPS
@main
struct Program {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 6, let batch = Int(arguments[2]),
            let overlap = OverlapStrategy(rawValue: arguments[3]),
            let format = WireFormat(rawValue: arguments[4]), let count = Int(arguments[5])
        else {
            print("usage: PlanReplay PLAN.json LOCAL_BATCH none|polling|thread float32|bfloat16 STEPS")
            exit(64)
        }
        let file = try Data(contentsOf: URL(fileURLWithPath: arguments[1]))
        let job = try JSONDecoder().decode(PlanFacts.self, from: file).job
        let trace = job.trace(localBatch: batch, threads: job.threads)
        exit(
            MPIRuntime.run { group in
                let settings = CommunicationSettings(overlap: overlap, wireFormat: format)
                let seconds = try play(trace, settings, group, steps: count)
                let slowest = try group.allGather([seconds]).max() ?? seconds
                if group.rank == 0 { print(slowest) }
            })
    }

    /// The median of some steps, after some that connect the ranks.
    private static func play(
        _ trace: StepTrace, _ settings: CommunicationSettings, _ group: any ProcessGroup, steps: Int
    ) throws -> Double {
        let backbone = WaitingBackbone(trace)
        let classifier = Classifier(backbone: backbone, classCount: 2)
        let parts = [
            ParameterGroup(
                name: "backbone", part: .backbone, learningRateMultiplier: 1, parameters: backbone.parameters),
            ParameterGroup(
                name: "head", part: .head, learningRateMultiplier: 1, parameters: classifier.head.parameters),
        ]
        let step = try TrainingStep(
            classifier, groups: parts, regularizer: FineTune(), optimizer: Resting(),
            normalization: .synchronized, group: group, communication: settings)
        let batch = Batch(
            images: Tensor(repeating: 0, [1, 3, 1, 1]), secondView: nil, labels: [0], indices: [0],
            positions: [0])
        var seconds: [Double] = []
        for index in 0..<steps + 2 {
            try group.barrier()
            let start = ContinuousClock.now
            _ = try step.run([batch], globalBatch: group.size, learningRate: 0)
            Wait.until(.now + .seconds(backbone.rest))
            if index >= 2 { seconds.append((ContinuousClock.now - start) / .seconds(1)) }
        }
        return seconds.sorted()[steps / 2]
    }
}

/// An optimizer that moves nothing: its time is waited for.
struct Resting: Optimizer {
    let slotNames: [String] = []

    func update(_ parameter: Tensor, slots: [Tensor], with update: ParameterUpdate) -> Double { 0 }
}

/// Waits that leave the core to others.
enum Wait {
    /// Sleeps end so much late.
    private static let slack = Duration.microseconds(80)

    static func until(_ end: ContinuousClock.Instant) {
        let left = (end - .now - slack) / .seconds(1)
        if left > 0 { usleep(UInt32(left * 1e6)) }
        while ContinuousClock.now < end { sched_yield() }
    }
}
