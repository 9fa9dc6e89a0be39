extension FaultSchedule {
    /// Brings about the faults that are scheduled within steps.
    ///
    /// - Parameter rank: This rank.
    public func observer(rank: Int) -> StepObserver {
        StepObserver { phase, step in
            let point: FaultPoint =
                switch phase {
                case .forward: .forward
                case .backward: .backward
                case .halfReduced: .insideAllReduce
                case .update: .optimizer
                }
            try reach(point, step: step, rank: rank)
        }
    }
}
