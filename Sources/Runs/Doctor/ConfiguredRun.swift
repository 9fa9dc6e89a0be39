internal import Hosts
internal import ImageData
internal import ProcessGroups
internal import Regularizers

/// A run as far as it can be made without writing anything: what stands in its way, how fast it reads and trains.
struct ConfiguredRun {
    /// Where the run would write; nil where it cannot.
    private(set) var output: OutputFacts?
    /// The data; nil where they cannot be read.
    private(set) var data: DataFacts?
    /// What steps cost; nil where there can be none.
    private(set) var step: StepFacts?
    /// What is expected on other clusters, on rank 0, in each precision; none where nobody asked or steps cannot be
    /// measured.
    private(set) var plans: [PlanFacts] = []
    /// Why the run could not start, the same on every rank.
    private(set) var failures = FailureCollection()

    private let configuration: RunConfiguration
    private let group: any ProcessGroup

    /// Tries what `ballast train` does before its first step, and some steps, and goes on after failures.
    ///
    /// - Parameters:
    ///   - configuration: The same on every rank.
    ///   - plans: Clusters to predict the steps for.
    ///   - inBothPrecisions: Whether to predict them in the precision that is not configured, too.
    ///   - network: All-reduces over the ranks, and on how many hosts these are.
    ///   - group: The ranks.
    ///   - say: Tells the user a line.
    /// - Throws: Errors that other ranks may not know of.
    /// - Important: Collective: every rank of the group must call this, in the same order.
    init(
        _ configuration: RunConfiguration, plans: [PlanRequest], inBothPrecisions: Bool,
        network: (timings: [AllReduceTiming], hosts: Int),
        group: any ProcessGroup, say: (String) -> Void
    ) throws {
        var configuration = configuration
        let takesSteps = configuration.method.name.settings.takesSteps
        if !takesSteps, !plans.isEmpty {
            throw CollectiveFailure(
                message:
                    "--plan: method \(configuration.method.name.rawValue) takes no steps that could be predicted; leave --plan out",
                exitCode: ExitCode.wrongUse)
        }
        if !takesSteps {
            say("method \(configuration.method.name.rawValue) takes no steps: none are measured")
            // Its section says nothing about batches, in which images are read all the same.
            configuration.training.globalBatch = max(configuration.training.globalBatch, group.size)
            configuration.training.accumulation = 1
        }
        (self.configuration, self.group) = (configuration, group)
        let fits: Void? = try failures.attempt(
            "training", remedy: "other training.global-batch, training.accumulation or number of ranks"
        ) { try BatchCheck.require(configuration.training, rankCount: group.size) }
        let prepared = try failures.attempt(
            "data",
            remedy:
                "set data.train, data.validation and data.test to files that rank 0 can read, and photographs that "
                + "every host sees; data.local: true where every host has files of its own"
        ) { try PreparedData(configuration, group: group) }
        let start = try startingPoint(classCount: prepared?.classCount)
        try examineOutput(writesLargeFile: !plans.isEmpty)
        guard let prepared, fits != nil else { return }
        guard try requireMemory(prepared) else { return }
        if takesSteps, let start {
            let normalizes: Void? = try failures.attempt(
                "training", remedy: "see the message for the keys that decide it"
            ) {
                try NormalizationCheck(
                    configuration, start.classifier.backbone, imageShape: prepared.splits.imageShape,
                    rankCount: group.size)?.require()
            }
            guard normalizes != nil else { return }
        }
        let assembly = takesSteps ? try start.flatMap { try assemble($0) } : nil
        say("reading images")
        try read(prepared, secondView: assembly?.regularizer.needs.secondView ?? false)
        guard let assembly, data != nil else { return }
        say("measuring steps")
        let measured = try failures.attempt(
            "method", remedy: "see what the message says of the method's files and data"
        ) {
            ProcessMemory.resetPeak()
            let samples = try assembly.prepareForMeasuring(prepared, configuration.training, group)
            let estimate = StepEstimate(configuration, prepared, assembly, group)
            // A plan measures steps of its own.
            return (
                samples: samples, step: try estimate.measure(samples, stepCount: plans.isEmpty ? 3 : 1)
            )
        }
        step = measured?.step
        guard let measured, !plans.isEmpty else { return }
        let plan = { (run: RunConfiguration, assembly: RunAssembly, samples: Subset) in
            PlanMeasurement(run, prepared, assembly, samples, group)
        }
        var measurements = [plan(configuration, assembly, measured.samples)]
        if inBothPrecisions {
            var other = configuration
            other.training.precision =
                assembly.start.precision.elementType == .bfloat16 ? .float32 : .bfloat16
            let start = try StartingPoint(other, classCount: prepared.classCount, group: group)
            if let assembly = try assemble(start) {
                let samples = try assembly.prepareForMeasuring(prepared, other.training, group)
                measurements.append(plan(other, assembly, samples))
            }
        }
        try predict(plans, measurements, network: network, say: say)
    }

    /// Measures, and plays the steps on each cluster.
    private mutating func predict(
        _ requests: [PlanRequest], _ measurements: [PlanMeasurement],
        network: (timings: [AllReduceTiming], hosts: Int), say: (String) -> Void
    ) throws {
        guard let step, let data else { return }
        let (group, output) = (group, output)
        for measurement in measurements {
            say("measuring steps for the plan")
            let facts: PlanFacts?? = try failures.attempt(
                "plan", remedy: "see what the message says of the method and of memory"
            ) {
                var job = try measurement.measure(step, data, network: network)
                guard group.rank == 0 else { return nil }
                job.checkpointSeconds = output?.writeSecondsPerByte.map {
                    $0 * Double(step.checkpointBytes) / Double(max(1, step.checkpointCount))
                }
                say("playing steps on \(Units.count(requests.count, "cluster"))")
                return PlanFacts(job, requests, ranks: group.size, hosts: network.hosts) {
                    group.noteProgress()
                }
            }
            if let facts = facts ?? nil { plans.append(facts) }
        }
    }

    /// The parameters that the run starts from. Without data their number of classes is not known, so that what
    /// depends on it is left out.
    private mutating func startingPoint(classCount: Int?) throws -> StartingPoint? {
        var configuration = configuration
        if classCount == nil { configuration.initialState = nil }
        let group = group
        return try failures.attempt(
            "weights",
            remedy:
                "set network.weights to weights of this network, .pth or .safetensors as torchvision or timm has them, "
                + "and initial-state to a .safetensors file with those of its head"
        ) { try StartingPoint(configuration, classCount: classCount ?? 2, group: group) }
    }

    /// Whether the steps can be measured: what does not fit into memory would end the doctor too.
    private mutating func requireMemory(_ prepared: PreparedData) throws -> Bool {
        let (configuration, group) = (configuration, group)
        let memory = try MemoryCheck(group, isStrict: true)
        let fits: Void? = try failures.attempt(
            "memory", remedy: "a smaller training.global-batch, a larger training.accumulation, or more hosts"
        ) {
            try group.agree {
                try memory.requireStep(
                    of: configuration, classCount: prepared.classCount,
                    imageShape: prepared.splits.imageShape,
                    groupSize: group.size, holdsWholeSteps: true)
            }
        }
        return fits != nil
    }

    private mutating func examineOutput(writesLargeFile: Bool) throws {
        let (path, group) = (configuration.output, group)
        output =
            try failures.attempt(
                "output",
                remedy:
                    "set output to a folder of its own that rank 0 may make or write, or change permissions"
            ) {
                var facts: OutputFacts?
                try group.coordinate { () throws -> Void in
                    facts = try OutputFolder.examine(path, writesLargeFile: writesLargeFile)
                }
                return facts
            } ?? nil
    }

    /// The model with its method, which has not looked at any data.
    private mutating func assemble(_ start: StartingPoint) throws -> RunAssembly? {
        let (configuration, group) = (configuration, group)
        return try failures.attempt(
            "method", remedy: "see the message; ballast train --dry-run prints every value"
        ) {
            var step = configuration.step
            step.method.settings = step.method.settings.forMeasuring
            let assembly = try RunAssembly(step, start, group: group)
            try BatchCheck.require(
                assembly.regularizer.needs, of: configuration.method.name, configuration.training)
            return assembly
        }
    }

    private mutating func read(_ prepared: PreparedData, secondView: Bool) throws {
        let (configuration, group) = (configuration, group)
        data = try failures.attempt(
            "data", remedy: "see the message for the file or the key of the section data"
        ) {
            let loader = try prepared.loaders(secondView: secondView).training
            let microBatches = configuration.training.accumulation
            let rows = try group.allGather([Int64(loader.rows.count)]).max() ?? 0
            let splits = prepared.splits
            return DataFacts(
                trainingCount: splits.training.count, validationCount: splits.validation?.count,
                testCount: splits.test?.count, classCount: splits.training.classCount,
                imageSize: splits.imageShape.dimensions,
                rankBatch: Int(rows) * microBatches,
                stepSeconds: try LoaderMeasurement.stepSeconds(
                    loader, microBatches: microBatches, group: group))
        }
    }
}
