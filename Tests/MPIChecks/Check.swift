import ProcessGroups

/// A program of its own over several ranks: what it does and how it must end.
struct Check: Sendable {
    /// What to call it on the command line.
    let name: String

    /// The exit code with which the whole job must end.
    var exitCode: Int32 = 0

    /// Run it only on so many ranks or more.
    var minimumRanks = 1

    /// A variable that the job finds in its environment, as `NAME=VALUE`.
    var environment = ""

    /// For checks that end in an error: a line that standard error must hold exactly once. RANKS stands for
    /// the number of ranks and HOST for the name of the host.
    var message = ""

    /// What every rank does. Assertions go to the checker; an error thrown ends the job as it would in
    /// the program.
    let body: @Sendable (Checker) throws -> Void

    /// Runs the check on the ranks of the environment and returns the exit code.
    func run() -> Int32 {
        MPIRuntime.run { group in
            let checker = Checker(group)
            try body(checker)
            let count = try checker.finish()
            if group.rank == 0 { print("ok \(name) \(count) checks") }
        }
    }
}
