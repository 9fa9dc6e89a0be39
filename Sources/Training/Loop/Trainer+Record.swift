internal import Layers

extension Trainer {
    /// Has written what the report of the run needs of the saved model.
    ///
    /// - Parameter savedAtLastStep: Whether the model stands as it was saved.
    /// - Throws: What the group throws. That the record cannot be written is no error.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func recordOutcome(savedAtLastStep: Bool) throws {
        try files.recordOutcome { recorder in
            // The test split was evaluated with the saved model, which stands since.
            if data.test == nil, !savedAtLastStep {
                try files.loadModel(into: classifier)
                try classifier.replicate(over: step.group)
            }
            if observed == nil, let validation = data.validation {
                // The best model is of an earlier start, which took what it saw along.
                var again = files.observation(of: "validation")
                _ = try validation.evaluate(classifier, recording: &again)
                observed = again
            }
            try recorder.record(observed, of: classifier)
        }
    }
}
