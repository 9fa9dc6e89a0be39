internal import Foundation

/// `metrics.jsonl` as a run that goes on finds it: which of its lines stay.
///
/// Only lines that this program wrote of steps that are done again go, and a last line that was cut off. Whatever else
/// stands in the file stays there, byte for byte: notes of a user, ends of line of another system.
package struct RunLog {
    /// What a line says of its place in the run.
    private enum Place {
        /// After a step.
        case step(Int)
        /// At the end of a run: the evaluation on the test split, and what it came to.
        case end(Int?)
        /// Nothing: no run wrote it, or it says nothing of a step.
        case unknown
    }

    private let bytes: Data
    private let lines: [(range: Range<Data.Index>, place: Place)]
    private let endsInsideLine: Bool

    /// Reads a log; one that is missing, or is no file, has no lines.
    ///
    /// - Throws: What the system says where it cannot be read.
    package init(contentsOf path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            (bytes, lines, endsInsideLine) = (Data(), [], false)
            return
        }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        var lines: [(range: Range<Data.Index>, place: Place)] = []
        var start = bytes.startIndex
        // By byte: a carriage return and a line feed together are one character.
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            lines.append((start..<end, Self.place(of: bytes[start..<end])))
            start = end == bytes.endIndex ? end : end + 1
        }
        (self.bytes, self.lines) = (bytes, lines)
        endsInsideLine = bytes.last.map { $0 != UInt8(ascii: "\n") } ?? false
    }

    /// Whether a run came to its end here.
    package var isFinished: Bool {
        lines.contains { if case .end = $0.place { true } else { false } }
    }

    /// Whether it tells of steps after one.
    package func tells(after step: Int) -> Bool {
        lines.contains {
            switch $0.place {
            case .step(let other), .end(let other?): other > step
            case .end(nil), .unknown: false
            }
        }
    }

    /// The lines of a run that goes on after a step. It ends anew, even where nothing is left to train.
    package func kept(upTo step: Int) -> [UInt8] {
        var kept: [UInt8] = []
        for (number, line) in lines.enumerated() {
            switch line.place {
            case .step(let other) where other > step: continue
            case .end: continue
            // What a run was writing when it was killed.
            case .unknown where endsInsideLine && number == lines.count - 1: continue
            case .step, .unknown: kept += bytes[line.range] + [UInt8(ascii: "\n")]
            }
        }
        return kept
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private static func place(of line: Data) -> Place {
        let text = line.starts(with: byteOrderMark) ? line.dropFirst(byteOrderMark.count) : line
        // A line of a log has some hundred bytes.
        guard text.count < 1 << 20,
            let event = try? JSONSerialization.jsonObject(with: Data(text)) as? [String: Any],
            let name = event["event"] as? String
        else { return .unknown }
        let step = event["step"] as? Int
        if name == "finished" || event["split"] as? String == "test" { return .end(step) }
        return step.map { .step($0) } ?? .unknown
    }
}
