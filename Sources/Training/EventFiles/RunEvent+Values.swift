extension RunEvent {
    /// The numbers of a line of the log under TensorBoard's tags; their names are the log's.
    var values: [EventValue] {
        switch self {
        case .step(let event): event.values
        case .evaluation(let event): event.values
        case .checkpoint(let event): event.values
        case .distances(let event): event.values
        case .spectrum(let event): [.histogram("spectrum", event.singularValues)]
        // Nothing but numbers.
        case .notice: []
        case .finished(let event): event.values
        }
    }

    /// The step that they belong to; nil: the latest of the log.
    var step: Int? {
        switch self {
        case .step(let event): event.step
        case .evaluation(let event): event.step
        case .checkpoint(let event): event.step
        case .distances(let event): event.step
        case .spectrum(let event): event.step
        case .notice(let event): event.step
        case .finished: nil
        }
    }
}

extension StepEvent {
    fileprivate var values: [EventValue] {
        [
            .scalar("train/loss", loss), .scalar("train/classification-loss", classificationLoss),
            .scalar("train/penalty", penalty), .scalar("train/accuracy", accuracy),
            .scalar("epoch", Double(epoch)), .scalar("learning-rate", learningRate),
            .scalar("images-per-second", imagesPerSecond), .scalar("seconds/data", seconds.data),
            .scalar("seconds/forward", seconds.forward), .scalar("seconds/backward", seconds.backward),
            .scalar("seconds/communication", seconds.communication),
            .scalar("seconds/optimizer", seconds.optimizer),
        ]
    }
}

extension EvaluationEvent {
    fileprivate var values: [EventValue] {
        [
            .scalar(split + "/accuracy", accuracy),
            .scalar(split + "/mean-class-accuracy", meanClassAccuracy),
            .scalar(split + "/loss", loss), .scalar(split + "/count", Double(count)),
        ]
    }
}

extension CheckpointEvent {
    fileprivate var values: [EventValue] {
        [
            .scalar("checkpoint/seconds", seconds), .scalar("checkpoint/step-seconds", stepSeconds),
            .scalar("checkpoint/bytes", Double(bytes)),
        ]
    }
}

extension DistancesEvent {
    fileprivate var values: [EventValue] {
        [
            .histogram("distances/absolute", layers.map(\.distance)),
            .histogram("distances/relative", layers.map(\.relative)),
        ]
    }
}

extension FinishedEvent {
    fileprivate var values: [EventValue] {
        [.scalar("finished/best-step", Double(bestStep)), .scalar("finished/seconds", seconds)]
            + [("best-value", bestValue), ("accuracy", accuracy)].compactMap { name, value in
                value.map { .scalar("finished/" + name, $0) }
            }
    }
}
