import Foundation

/// Gives damaged files to every reader, each in a process of its own with a limit of memory and time, and counts what
/// should not be: crashes, hangs, and errors that are not about the file.
///
/// From the root of the project, which has the good files:
///
///     ReaderFuzz [--seed N] [--inputs N] [--reader NAME]
///     ReaderFuzz --input NAME SEED INDEX FILE      writes one input, to look at what was found
///
/// The same seed gives the same inputs.
@main
struct Program {
    static let usage = """
        usage: ReaderFuzz [--seed N] [--inputs N] [--reader NAME]
               ReaderFuzz --input NAME SEED INDEX FILE
        """

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            if arguments.first == "--work", arguments.count == 5 {
                let job = Job(arguments.dropFirst())
                exit(try job.map { try Worker($0).run() } ?? wrongUse())
            }
            if arguments.first == "--input", arguments.count == 5 {
                guard let job = Job(arguments[1...3] + ["1"]) else { exit(wrongUse()) }
                let input = try job.input(job.first)
                try Data(input).write(to: URL(fileURLWithPath: arguments[4]))
                exit(0)
            }
            guard let options = Options(arguments) else { exit(wrongUse()) }
            exit(try Supervisor(options).run() ? 0 : 1)
        } catch {
            FileHandle.standardError.write(Data("ReaderFuzz: \(error)\n".utf8))
            exit(70)
        }
    }

    private static func wrongUse() -> Int32 {
        FileHandle.standardError.write(Data((usage + "\n").utf8))
        return 64
    }
}

/// What is asked for.
struct Options {
    /// What all inputs are made from.
    var seed: UInt64 = 12
    /// Inputs of all readers together; each has about as many.
    var inputs = 24_000
    /// The readers.
    var readers = Reader.all

    init?(_ arguments: [String]) {
        guard arguments.count.isMultiple(of: 2) else { return nil }
        for place in stride(from: 0, to: arguments.count, by: 2) {
            let value = arguments[place + 1]
            switch arguments[place] {
            case "--seed":
                guard let seed = UInt64(value) else { return nil }
                self.seed = seed
            case "--inputs":
                guard let inputs = Int(value), (1...100_000_000).contains(inputs) else { return nil }
                self.inputs = inputs
            case "--reader":
                readers = Reader.all.filter { $0.name == value }
                guard !readers.isEmpty else { return nil }
            default: return nil
            }
        }
    }
}

/// Some inputs of one reader.
struct Job {
    let reader: Reader
    let seed: UInt64
    /// Number of the first input.
    let first: Int
    let count: Int

    /// From `NAME SEED FIRST COUNT`.
    init?(_ words: some Collection<String>) {
        let words = Array(words)
        guard words.count == 4, let reader = Reader.all.first(where: { $0.name == words[0] }),
            let seed = UInt64(words[1]), let first = Int(words[2]), let count = Int(words[3]), first >= 0,
            count >= 0
        else { return nil }
        (self.reader, self.seed, self.first, self.count) = (reader, seed, first, count)
    }

    /// The bytes of an input.
    func input(_ index: Int) throws -> [UInt8] {
        if let cases = reader.cases { return cases[index % cases.count].bytes }
        let corpus = try reader.corpus()
        var generator = Mutation(seed: seed, reader: reader.name, index: index)
        return generator.mutated(corpus[index % corpus.count], isText: reader.isText)
    }
}
