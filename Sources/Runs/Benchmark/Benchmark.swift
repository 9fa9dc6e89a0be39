internal import Hosts
package import ProcessGroups
internal import Tensors
internal import Training

/// Measures a training step of a network and a method on random images.
package struct Benchmark {
    /// The network, from random weights, in its precision.
    package var network: NetworkConfiguration
    /// The method, with the defaults of its first profile.
    package var method: MethodName
    /// Samples a rank.
    package var batch: Int
    /// Rows and columns of an image.
    package var imageSize: Int
    /// Steps that are measured, after some that are not.
    package var stepCount: Int
    /// How gradients travel between ranks.
    package var communication: CommunicationConfiguration

    /// Classes of the random source head.
    private static let sourceClassCount = 1000

    /// A benchmark from its settings.
    package init(
        network: NetworkConfiguration, method: MethodName, batch: Int, imageSize: Int, stepCount: Int,
        communication: CommunicationConfiguration
    ) {
        (self.network, self.method, self.batch) = (network, method, batch)
        (self.imageSize, self.stepCount, self.communication) = (imageSize, stepCount, communication)
    }

    /// Trains for some steps.
    ///
    /// - Parameters:
    ///   - profile: The file for a trace of some steps; nil: none is recorded.
    ///   - group: The ranks.
    /// - Returns: What it found, times those of this rank.
    /// - Throws: What the method and the group throw.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    package func run(
        profile path: String? = nil, _ group: any ProcessGroup
    ) throws -> BenchmarkReport {
        let check = try MemoryCheck(group)
        try group.agree {
            try check.requireStep(
                network, classCount: min(batch, 10), imageShape: [3, imageSize, imageSize], images: batch,
                precision: network.precision, recomputation: network.recomputation,
                remedy: "give a smaller --batch or --image-size")
        }
        let profile = try path.map { try RunProfile(path: $0, group) }
        let samples = SyntheticSamples(batch: batch, imageSize: imageSize, group: group)
        let start = StartingPoint(
            random: network, classCount: samples.classCount, sourceClassCount: Self.sourceClassCount)
        let assembly = try RunAssembly(configuration(), start, group: group)
        try assembly.prepareMethod(on: MethodSamples(training: samples, validation: nil), directory: nil)
        let step = try assembly.makeStep(profile: profile?.profile)
        let seconds = try step.measured(stepCount, globalBatch: samples.count, group: group) { _ in
            [samples.trainingBatch]
        }
        let bareAllReduces = try (0..<3).map { _ in try step.measureBareAllReduce() }
        try profile?.write()
        let memory = try group.allGather([ProcessMemory.peakBytes]).max() ?? 0
        return BenchmarkReport(
            self, ranks: group.size, threads: ComputeThreads.count, peakMemoryBytes: memory, steps: seconds,
            overlap: step.overlap ?? .none, bareAllReduceSeconds: bareAllReduces.min() ?? 0)
    }

    /// The defaults of a run that starts from pretrained weights.
    private func configuration() throws -> StepConfiguration {
        var method = MethodConfiguration(name: method, stageNames: network.name.stageNames)
        method.settings = method.settings.forMeasuring
        return StepConfiguration(
            network: network, method: method,
            optimizer: try .standard(weightDecay: self.method.settings.defaultWeightDecay),
            communication: communication)
    }
}
