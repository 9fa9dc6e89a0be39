import Foundation
import Hosts

/// Reads the inputs of a job, one after the other, and says a line of each: its number and how it ended. What ends the
/// process ends at the input that follows the last line.
struct Worker {
    private let job: Job

    /// Bytes of address space: what the program itself maps, and a moderate rest for a reader.
    private static let memory: UInt = 3 << 30
    #if DEBUG
        /// Seconds of processor time for an input; of builds that are not optimized, which take many times as long.
        static let seconds = 120
    #else
        /// Seconds of processor time for an input.
        static let seconds = 10
    #endif

    init(_ job: Job) { self.job = job }

    /// - Returns: The exit code.
    func run() throws -> Int32 {
        var limit = rlimit(rlim_cur: Self.memory, rlim_max: Self.memory)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        limit = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        let folder = FileManager.default.temporaryDirectory.appending(path: "reader-fuzz-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Whatever a file lets be executed would be done here.
        guard chdir(folder.path) == 0 else { return 74 }
        try job.reader.prepare(folder.path)
        let corpus = job.reader.cases == nil ? try job.reader.corpus() : []
        for index in job.first..<job.first + job.count {
            limitTime()
            // At once: a buffer would die with the process.
            let line = "\(index) \(outcome(index, corpus, folder.path))\n"
            try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
        }
        return 0
    }

    /// The process is ended where the next input takes longer.
    private func limitTime() {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let used = UInt(max(0, usage.ru_utime.tv_sec + usage.ru_stime.tv_sec))
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_CPU.rawValue), &limit)
        limit.rlim_cur = used + UInt(Self.seconds) + 1
        setrlimit(__rlimit_resource_t(RLIMIT_CPU.rawValue), &limit)
    }

    /// `accepted`, `refused`, or `wrong` and why.
    private func outcome(_ index: Int, _ corpus: [[UInt8]], _ folder: String) -> String {
        let reader = job.reader
        do {
            let bytes: [UInt8]
            if let cases = reader.cases {
                bytes = cases[index % cases.count].bytes
            } else {
                var generator = Mutation(seed: job.seed, reader: reader.name, index: index)
                bytes = generator.mutated(corpus[index % corpus.count], isText: reader.isText)
            }
            let name = reader.cases.map { $0[index % $0.count].fileName } ?? reader.fileName
            let path = folder + "/" + name
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let result = Result { try reader.read(path) }
            if reader.cases != nil, FileManager.default.fileExists(atPath: folder + "/" + HostileFiles.marker)
            {
                return "wrong: something of the file was executed"
            }
            try result.get()
            return reader.cases.map { $0[index % $0.count].isGood } ?? true
                ? "accepted" : "wrong: taken for a good file"
        } catch {
            let message = String(describing: error)
            let code = ExitCode.of(error)
            guard reader.codes.contains(code) else { return "wrong: code \(code): \(message.shownPath)" }
            guard message.utf8.count <= 2500 else { return "wrong: a message of \(message.utf8.count) bytes" }
            guard !message.utf8.contains(0x1B), !message.utf8.contains(0) else {
                return "wrong: a message with control characters: \(message.shownPath)"
            }
            return "refused"
        }
    }
}
