extension ForwardContext {
    /// Runs a layer's forward pass under its name, for whoever observes the tape, such as a profile.
    ///
    /// - Parameters:
    ///   - name: The layer's name in published weights; not asked for where nobody observes.
    ///   - forward: The forward pass.
    public func layer<Result>(
        _ name: @autoclosure () -> String, _ forward: () throws -> Result
    ) rethrows -> Result {
        guard let observer = tape.observer else { return try forward() }
        observer.begin(name(), isBackward: false)
        defer { observer.end() }
        return try forward()
    }
}
