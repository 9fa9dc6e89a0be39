package import Layers
internal import ProcessGroups
internal import Regularizers

/// Leaves what the report of a run needs of its result.
package protocol OutcomeRecorder {
    /// Where the evaluation of a split leaves what the record needs.
    ///
    /// - Parameter split: `test` or `validation`.
    func observation(of split: String) -> ObservedEvaluation

    /// Writes the record.
    ///
    /// - Parameters:
    ///   - observed: The evaluation of the saved model; nil where nothing is evaluated.
    ///   - classifier: The saved model.
    /// - Throws: `CollectiveFailure` where it cannot be written, on every rank; what the group throws.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func record(_ observed: ObservedEvaluation?, of classifier: Classifier) throws
}

extension RunFiles {
    /// Where the evaluation of a split leaves what the record of the run needs; nil where nobody records.
    func observation(of split: String) -> ObservedEvaluation? { recorder?.observation(of: split) }

    /// Logs how far the backbone has moved, and the spectrum of a method that looks at it. On rank 0; elsewhere it does
    /// nothing.
    func logWeights(after step: Int, of regularizer: any Regularizer) {
        guard let startingWeights else { return }
        log(.distances(DistancesEvent(step: step, layers: startingWeights.distances())))
        guard let spectral = regularizer as? any SpectralRegularizer else { return }
        do {
            let values = try spectral.singularValues()
            if !values.isEmpty { log(.spectrum(SpectrumEvent(step: step, all: values))) }
        } catch {
            warn("the spectrum after step \(step) is not in the log: \(error)")
        }
    }

    /// Lets the record of the run be written. That it cannot be is said and ends nothing: the model is there.
    ///
    /// - Parameter write: Runs on every rank where somebody records; it may call the group.
    /// - Throws: What `write` throws and not every rank knows of.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    func recordOutcome(_ write: (any OutcomeRecorder) throws -> Void) throws {
        guard let recorder else { return }
        do {
            try write(recorder)
        } catch let failure as CollectiveFailure {
            warn("report.json, which a report shows the result by, is not written: \(failure)")
        }
    }
}
