import Foundation
import ModelFiles
import Tensors
import Testing

/// What a run left behind.
struct RunFolder {
    /// Where the folder is.
    let url: URL

    /// The saved model.
    var model: SafetensorsFile {
        get throws { try SafetensorsFile(contentsOf: url.appending(path: "model.safetensors").path) }
    }

    /// The saved model, byte by byte.
    var modelBytes: Data { get throws { try contents(of: "model.safetensors") } }

    /// The lines of `metrics.jsonl`, in their order.
    var events: [MetricsEvent] {
        get throws {
            try contents(of: "metrics.jsonl").split(separator: UInt8(ascii: "\n")).map(MetricsEvent.init)
        }
    }

    /// The lines of `metrics.jsonl` of one kind: `step`, `evaluation` or `finished`.
    func events(_ name: String) throws -> [MetricsEvent] { try events.filter { $0.name == name } }

    /// One number of each step.
    func steps(_ key: String) throws -> [Double] { try events("step").map { try $0.number(key) } }

    /// One number of the evaluation of each of the splits, in the order of the evaluations.
    func evaluations(_ key: String, of split: String) throws -> [Double] {
        try events("evaluation").filter { $0.values["split"] as? String == split }.map { try $0.number(key) }
    }

    /// How far each layer was from its start, by name, at each time that the log says so.
    var distances: [[String: Double]] {
        get throws {
            try events("distances").map { event in
                let layers = try #require(event.values["layers"] as? [[String: Any]])
                let distances = try layers.map { layer in
                    (try #require(layer["name"] as? String), try #require(layer["distance"] as? Double))
                }
                return Dictionary(uniqueKeysWithValues: distances)
            }
        }
    }

    /// Steps after which the saved model stood, as the last line says.
    var bestStep: Double {
        get throws { try #require(events("finished").last).number("best-step") }
    }

    /// The bytes of a file in the folder.
    func contents(of name: String) throws -> Data { try Data(contentsOf: url.appending(path: name)) }

    /// The files and folders in the folder, sorted; `eventFile` stands for the name of each event file.
    var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: url.path).sorted().map {
                $0.hasPrefix(Self.eventFile) ? Self.eventFile : $0
            }
        }
    }

    /// How the name of what TensorBoard reads begins; time, host and process follow.
    static let eventFile = "events.out.tfevents"
}

/// A JSON object: a line of `metrics.jsonl`, or what a command prints.
struct MetricsEvent {
    /// Keys and values.
    let values: [String: Any]

    /// The value of `event`, empty where there is none.
    var name: String { values["event"] as? String ?? "" }

    /// The keys, sorted.
    var keys: [String] { values.keys.sorted() }

    /// Reads one object and nothing after it.
    init(_ json: Data) throws {
        values = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    }

    /// The number of a key; a key that is missing or no number fails the test.
    func number(_ key: String) throws -> Double {
        try #require(values[key] as? Double, "\(key) of \(values)")
    }
}

/// Whether as many numbers differ each by at most `relative` of the expected one, or by at most `absolute`.
func isClose(_ found: [Double], _ expected: [Double], relative: Double, absolute: Double = 0) -> Bool {
    found.count == expected.count && !found.isEmpty
        && zip(found, expected).allSatisfy { abs($0 - $1) <= max(relative * abs($1), absolute) }
}
