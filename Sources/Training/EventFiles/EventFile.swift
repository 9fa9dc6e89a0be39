internal import Foundation
internal import Hosts
internal import SwiftProtobuf

/// `events.out.tfevents…`, what TensorBoard reads of a run: the numbers of `metrics.jsonl`, line for line, and what was
/// set. Rank 0 alone has one, for each start of the run a new file.
///
/// It is a convenience: a file that cannot be written is said once and ends no run.
public final class EventFile {
    /// How the names of such files begin.
    private static let prefix = "events.out.tfevents."

    private let path: String
    private var file: FileHandle?
    private var latestStep: Int
    private var problem: String?

    /// Begins a file.
    ///
    /// Of a run that goes on, TensorBoard drops what earlier files have of later steps, which are done again.
    ///
    /// - Parameters:
    ///   - folder: The folder of the run.
    ///   - session: What was set.
    ///   - step: After which step the run goes on; nil: it begins.
    public init(in folder: String, _ session: EventSession, after step: Int?) {
        let now = Date().timeIntervalSince1970
        path = "\(folder)/\(Self.name(in: folder, seconds: Int(now)))"
        latestStep = step ?? 0
        // A link of that name is nobody's file.
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            problem = Self.problem(path, String(cString: strerror(errno)))
            return
        }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        write { $0.fileVersion = "brain.Event:2" }
        // The first start of a folder makes nothing void, every other one what has this step or a later one.
        write {
            $0.step = step.map { Int64($0) + 1 } ?? 0
            $0.sessionLog.status = .start
        }
        // Indented lines are shown as they are.
        let lines = session.configuration.split(separator: "\n").map { "    \($0)" }
        write(
            [.sessionStart(session, seconds: now), .text("configuration", lines.joined(separator: "\n"))],
            step: latestStep)
    }

    /// Writes the numbers of a line of the log.
    func write(_ event: RunEvent) {
        let step = event.step ?? latestStep
        latestStep = max(latestStep, step)
        var values = event.values
        if case .finished = event { values.append(.sessionEnd(seconds: Date().timeIntervalSince1970)) }
        write(values, step: step)
    }

    /// Writes pictures behind the latest step.
    ///
    /// - Parameters:
    ///   - pictures: Each the bytes of a JPEG or PNG file.
    ///   - tag: What they show.
    ///   - side: Pixels of their longer side, at most.
    package func write(_ pictures: [[UInt8]], as tag: String, side: Int) {
        guard !pictures.isEmpty else { return }
        write([.images(tag, pictures, side: side)], step: latestStep)
    }

    /// Why nothing is written any more; said once.
    package func takeProblem() -> String? {
        defer { problem = nil }
        return problem
    }

    private func write(_ values: [EventValue], step: Int) {
        guard file != nil, !values.isEmpty else { return }
        write {
            $0.step = Int64(step)
            $0.summary.value = values.map(\.message)
        }
    }

    /// Appends a record, at once, as the log does.
    private func write(_ fill: (inout TensorBoardEvent) -> Void) {
        guard let file else { return }
        var event = TensorBoardEvent()
        event.wallTime = Date().timeIntervalSince1970
        fill(&event)
        do {
            try file.write(contentsOf: Data(EventRecord.bytes(of: event.serializedBytes())))
        } catch {
            problem = Self.problem(path, error.systemReason)
            self.file = nil
        }
    }

    private static func problem(_ path: String, _ reason: String) -> String {
        "\(path): cannot be written: \(reason); TensorBoard sees nothing more of this run, metrics.jsonl has it all"
    }

    /// A name behind those that are there: TensorBoard reads the files of a folder in the order of their names.
    private static func name(in folder: String, seconds: Int) -> String {
        let latest = names(in: folder).compactMap { Int($0.dropFirst(prefix.count).prefix { $0 != "." }) }
            .max()
        let host = HostName.current.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        let time = max(seconds, (latest.map { min($0, 1 << 40) } ?? 0) + 1)
        return "\(prefix)\(time).\(host).\(getpid())"
    }

    /// The names of such files in a folder.
    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter(isName)
    }

    /// Whether a file of that name may be one that a run wrote.
    static func isName(_ name: String) -> Bool { name.hasPrefix(prefix) }
}
