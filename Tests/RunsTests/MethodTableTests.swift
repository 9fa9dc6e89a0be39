import ProcessGroups
import Regularizers
import Runs
import Testing

/// What holds of every method of the table.
@Suite struct MethodTableTests {
    /// A configuration of a method, by the lines of its section.
    private static func configuration(
        _ method: MethodName, _ profile: MethodProfile = .tllib, keys: String = "", weights: String = "w"
    ) throws -> RunConfiguration {
        try RunConfiguration(
            text: """
                method: {name: \(method.rawValue), profile: \(profile.rawValue)\(keys.isEmpty ? "" : ", " + keys)}
                network: {name: resnet18, weights: \(weights)}
                data: {train: t}
                output: o

                """, file: "run.yaml", directory: "/folder")
    }

    @Test(arguments: MethodName.allCases)
    func theNameLeadsToTheTypeThatHasIt(method: MethodName) throws {
        #expect(method.settings.name == method)
        #expect(try Self.configuration(method).method.name == method)
    }

    /// The keys of each method, first with the defaults of both profiles, then with other values.
    static let keys: [(method: MethodName, tllib: String, paper: String, other: String)] = [
        (.fineTune, "", "", ""), (.linearProbe, "", "", ""),
        (
            .l2SP, "trade-off: 0.01, head-trade-off: 0.01, scope: all",
            "trade-off: 0.1, head-trade-off: 0.01, scope: weights",
            "trade-off: 0.5, head-trade-off: 0.25, scope: weights"
        ),
        (
            .delta,
            "trade-off: 0.01, head-trade-off: 0.01, features: attention, taps: [layer1, layer2, layer3, layer4], attention-file: null, attention-scores: exact",
            "trade-off: 0.01, head-trade-off: 0.01, features: attention, taps: [layer1, layer2, layer3, layer4], attention-file: null, attention-scores: exact",
            "trade-off: 0.5, head-trade-off: 0.25, features: attention, taps: [layer4, layer2], attention-file: /a.safetensors, attention-scores: first-order"
        ),
        (
            .lwf, "trade-off: 4.0, temperature: 3.0, warm-up-epochs: 0",
            "trade-off: 1.0, temperature: 2.0, warm-up-epochs: 1",
            "trade-off: 0.5, temperature: 1.5, warm-up-epochs: 7"
        ),
        (
            .coTuning,
            "trade-off: 2.3, relationship: direct, relationship-file: null, source-logit-scale: null",
            "trade-off: 2.3, relationship: reverse, relationship-file: null, source-logit-scale: null",
            "trade-off: 0.5, relationship: reverse, relationship-file: /r.safetensors, source-logit-scale: 0.88"
        ),
        (
            .biTuning,
            "trade-off: 1.0, temperature: 0.07, queue-length: 40, key-momentum: 0.999, projection-dimension: 128",
            "trade-off: 1.0, temperature: 0.07, queue-length: 40, key-momentum: 0.999, projection-dimension: 128",
            "trade-off: 0.5, temperature: 0.1, queue-length: 8, key-momentum: 0.5, projection-dimension: 16"
        ),
        (
            .bss, "trade-off: 0.001, singular-values: 1", "trade-off: 0.001, singular-values: 1",
            "trade-off: 0.5, singular-values: 3"
        ),
    ]

    /// The keys that a method alone has, as they are written out, on one line.
    private static func ownKeys(_ configuration: RunConfiguration) -> String {
        YAMLEntry.text(configuration.method.settings.entries).split(separator: "\n").joined(separator: ", ")
    }

    @Test func theTableOfKeysIsComplete() {
        #expect(Self.keys.map(\.method) == MethodName.allCases)
    }

    @Test(arguments: keys.indices)
    func eachProfileHasItsDefaults(index: Int) throws {
        let (method, tllib, paper, _) = Self.keys[index]
        #expect(try Self.ownKeys(Self.configuration(method)) == tllib)
        #expect(try Self.ownKeys(Self.configuration(method, .paper)) == paper)
    }

    @Test(arguments: keys.indices, MethodProfile.allCases)
    func everyKeyIsReadAndWritten(index: Int, profile: MethodProfile) throws {
        let (method, _, _, other) = Self.keys[index]
        let given = try Self.configuration(method, profile, keys: other)
        #expect(Self.ownKeys(given) == other)
        let again = try RunConfiguration(text: given.yaml(), file: "again.yaml", directory: "/")
        // LWF's profile also decides what is no key: whether the source head trains.
        #expect(again == given)
        if !other.isEmpty { #expect(try given != Self.configuration(method, profile)) }
    }

    @Test(arguments: MethodName.allCases)
    func aKeyThatTheMethodDoesNotHaveIsNamed(method: MethodName) {
        let error = #expect(throws: ConfigurationError.self) {
            try Self.configuration(method, keys: "colour: red")
        }
        let begin =
            "run.yaml:1: key 'method.colour' does not belong to method '\(method.rawValue)'; keys of "
            + "\(method.rawValue): name, profile"
        #expect(error?.description.hasPrefix(begin) == true, "\(String(describing: error))")
    }

    /// Methods differ, and so do profiles, even where all keys are alike.
    @Test func equalMeansTheSameMethodProfileAndKeys() throws {
        let all = try MethodName.allCases.flatMap { method in
            try MethodProfile.allCases.map { try Self.configuration(method, $0).method }
        }
        for first in all.indices {
            for second in all.indices { #expect((all[first] == all[second]) == (first == second)) }
        }
    }

    @Test(arguments: MethodName.allCases)
    func whatComparesWithPretrainedWeightsAsksForThem(method: MethodName) throws {
        let needsWeights: Set<MethodName> = [.linearProbe, .l2SP, .delta, .lwf, .coTuning]
        if needsWeights.contains(method) {
            let error = #expect(throws: ConfigurationError.self) {
                try Self.configuration(method, weights: "null")
            }
            #expect(error?.problem.hasPrefix("network has no weights, but method") == true)
        } else {
            #expect(try Self.configuration(method, weights: "null").method.name == method)
        }
        #expect(method.settings.needsPretrainedWeights == needsWeights.contains(method))
        #expect(method.settings.takesSteps == (method != .linearProbe))
        #expect(method.settings.needsSourceHead == [.lwf, .coTuning].contains(method))
        #expect(method.settings.defaultWeightDecay == ([.l2SP, .delta].contains(method) ? 0 : 0.0005))
    }

    // MARK: Making the method

    private static let start = NetworkConfiguration(name: .resnet18, baseWidth: 4, stem: .small)

    @Test(arguments: MethodName.allCases.filter { $0 != .linearProbe }, MethodProfile.allCases)
    func theRegularizerIsTheMethods(method: MethodName, profile: MethodProfile) throws {
        let start = StartingPoint(random: Self.start, classCount: 3, sourceClassCount: 5)
        let types: [MethodName: any Regularizer.Type] = [
            .fineTune: FineTune.self, .l2SP: L2SP.self, .delta: DELTA.self, .lwf: LWF.self,
            .coTuning: CoTuning.self, .biTuning: BiTuning.self, .bss: BSS.self,
        ]
        let settings = try Self.configuration(method, profile).method.settings
        let made = [settings, settings.forMeasuring]
        for settings in made {
            let regularizer = try settings.makeRegularizer(from: start)
            #expect(type(of: regularizer) == types[method])
        }
        #expect(settings.hasPreparation == [.lwf, .coTuning].contains(method))
    }

    /// There is no step to measure.
    @Test func theProbeHasNoRegularizer() throws {
        let start = StartingPoint(random: Self.start, classCount: 3, sourceClassCount: 5)
        let settings = try Self.configuration(.linearProbe).method.settings
        let error = #expect(throws: UsageError.self) { try settings.makeRegularizer(from: start) }
        #expect(error?.description.hasPrefix("method linear-probe takes no steps") == true)
    }

    /// A benchmark begins at once: without attention, and without files of all samples.
    @Test func measuringNeedsNoFiles() throws {
        let delta = try Self.configuration(.delta, keys: "attention-file: a").method.settings.forMeasuring
        let coTuning = try Self.configuration(
            .coTuning, keys: "relationship: reverse, relationship-file: r"
        ).method.settings.forMeasuring
        let lines = YAMLEntry.text(delta.entries + coTuning.entries)
        for line in [
            "features: plain", "attention-file: null", "attention-scores: exact", "relationship: direct",
            "relationship-file: null",
        ] {
            #expect(lines.contains("\(line)\n"), "\(lines)")
        }
    }

    @Test func moreSingularValuesThanFeaturesAreRefused() throws {
        let start = StartingPoint(random: Self.start, classCount: 3, sourceClassCount: 5)
        let settings = try Self.configuration(.bss, keys: "singular-values: 1000").method.settings
        let error = #expect(throws: UsageError.self) { try settings.makeRegularizer(from: start) }
        #expect(
            error?.description.hasPrefix(
                "method.singular-values is 1000, the network has only 32 features; set")
                == true)
    }

    // MARK: Going on from a checkpoint

    /// Where a relationship came from does not matter to a checkpoint, which holds it; everything else does.
    @Test(arguments: keys.indices)
    func theIdentityOfARunHasTheKeysThatMatter(index: Int) throws {
        let (method, _, _, other) = Self.keys[index]
        let identity = try Self.configuration(method, keys: other).identity(weightsDigest: "d", samples: 255)
        let names = identity.split(separator: "\n").filter { $0.hasPrefix("method.") }.map {
            String($0.prefix { $0 != ":" })
        }
        let expected =
            (["name", "profile"]
            + other.split(separator: ", ").compactMap {
                $0.contains(":") ? String($0.prefix { $0 != ":" }) : nil
            }).filter { $0 != "relationship-file" }
        #expect(names == expected.map { "method.\($0)" })
        #expect(identity.contains("network.weights: d\n") && identity.hasSuffix("samples: ff"))
        // A checkpoint holds 32-bit floats and serves every precision, as those do that were made without a choice.
        #expect(!identity.contains("precision") && !identity.contains("recompute"))
    }

    /// Whoever is told that steps wait for images may change that and go on.
    @Test func howImagesAreLoadedIsNoPartOfTheIdentity() throws {
        let assignments = ["data.workers=4", "data.cache-bytes=1000000", "data.local=true"]
        let identities = try [[], assignments].map {
            try RunConfiguration(
                text: ConfigurationValueTests.shortest, file: "run.yaml", directory: "/folder",
                assignments: $0
            ).identity(weightsDigest: "d", samples: 255)
        }
        #expect(identities[0] == identities[1])
    }
}
