import ArgumentParser
import Foundation
import Hosts
import ProcessGroups
import Runs
import Training

/// `ballast compare`: which method helps on given data, and whether the difference is real.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Say which method helps on your data, and whether the difference is more than chance.",
        discussion: """
            Trains every method with the same seeds: a seed draws the few-shot sample, the validation split, the new \
            head and the order, equal for all methods. linear-probe and fine-tune are always among them. Settings of a \
            --grid are chosen by the validation split with other seeds. The test split is looked at once, at the end.

            Says what it costs, in hours, before the first run. Started again it goes on where it was: runs that have \
            ended are not repeated.

            Examples:
              ballast compare --config run.yaml --methods bss,l2-sp,co-tuning
              ballast compare --config run.yaml --methods bss --grid method.trade-off=0.1,1
              mpirun -n 4 ballast compare --config run.yaml --methods bss --groups 2
            """)

    @OptionGroup
    var options: ConfigurationOptions

    @Option(
        help: "Methods, with commas between: \(MethodName.allCases.map(\.rawValue).joined(separator: ","))")
    var methods: String

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Values that each method with this key is tried with.", valueName: "key.path=value,value"))
    var grid: [String] = []

    @Option(help: "How many seeds, from training.seed on. Default: 5; fewer than 3 give no verdict.")
    var seeds: Int?

    @Option(help: ArgumentHelp("The seeds themselves, with commas between.", valueName: "seed,seed"))
    var seedList: String?

    @Option(help: "With how many other seeds the settings of a grid are compared.")
    var selectionSeeds = 3

    @Option(help: "What the others are compared with: fine-tune | linear-probe.")
    var baseline = MethodName.fineTune

    @Option(help: "Differences up to so many points of a hundred do not matter to you.")
    var margin = 0.5

    @Flag(help: "Compare each method with each other.")
    var allPairs = false

    @Option(
        help: ArgumentHelp(
            "At how many seeds you will look at the table, said before the first look: p-values allow for it.",
            valueName: "seeds,seeds"))
    var plan: String?

    @Option(
        help:
            "Divide the ranks into so many groups, each of which does a run at a time; the folder must be one that all hosts see."
    )
    var groups = 1

    @Option(
        help: ArgumentHelp(
            "Hours that the runs may take: settings of a grid that lose are stopped after a ninth and a third of the epochs, and nothing begins where that is not enough.",
            valueName: "hours"))
    var budget: Double?

    @Option(
        name: .shortAndLong,
        help:
            "The folder of the comparison. Default: the configuration's output with '-comparison' behind it.")
    var output: String?

    @Flag(help: "Do not ask on a terminal whether the cost is agreed to.")
    var yes = false

    @OptionGroup var progress: ProgressOptions

    func validate() throws {
        do { _ = try comparisonOptions() } catch { throw ValidationError("\(error)") }
    }

    private func comparisonOptions() throws -> ComparisonOptions {
        try ComparisonOptions(
            methods: methods, grid: grid, seedCount: seeds, seedList: seedList,
            selectionSeedCount: selectionSeeds, baseline: baseline, margin: margin,
            comparesAllPairs: allPairs, looks: plan, groupCount: groups,
            budgetHours: budget, output: output)
    }

    func run() throws {
        try Ballast.runOnAllRanks(isQuiet: progress.quiet) { group in
            // Not before: while MPI starts there is nothing to save, and a signal must end it.
            StopSignal.watch()
            try JobChecks.begin(group)
            var comparison = try Comparison(
                options.file, assignments: options.assignments, options: comparisonOptions(), group: group)
            let isAlone = group.size == 1
            let table = try comparison.run { yes || !isAlone || agrees(to: $0) }
            try group.coordinate { () throws -> Void in
                try StandardOutput.print(table, terminator: "")
            }
        }
    }

    /// Asks the person at the terminal, if there is one. Not under a launcher, whose other ranks would wait.
    private func agrees(to cost: String) -> Bool {
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else { return true }
        // Else it has been said, and nobody agrees to what they have not read.
        if progress.quiet { StandardError.print(cost) }
        StandardError.print("go on? [y/N]")
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }
}
