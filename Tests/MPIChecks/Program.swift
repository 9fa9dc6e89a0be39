import Foundation

/// Runs one check under MPI, or lists them all.
@main
struct Program {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments == ["--list"] {
            for check in allChecks {
                let environment = check.environment.isEmpty ? "-" : check.environment
                print(
                    "\(check.name) \(check.exitCode) \(check.minimumRanks) \(environment) \(check.message)")
            }
        } else if arguments.count == 1, let check = allChecks.first(where: { $0.name == arguments.first }) {
            exit(check.run())
        } else {
            print("usage: MPIChecks NAME | --list")
            exit(64)
        }
    }
}
