internal import Foundation
import SwiftProtobuf
import TestSupport
import Testing
import Training

/// What TensorBoard reads of a run: the numbers of its log, step for step.
@Suite struct EventFileTests {
    /// The events of a file, whose framing is checked.
    private static func events(_ path: String) throws -> [TensorBoardEvent] {
        var bytes = try contents(path)[...]
        func take(_ count: Int) throws -> [UInt8] {
            try #require(bytes.count >= count)
            defer { bytes = bytes.dropFirst(count) }
            return Array(bytes.prefix(count))
        }
        func number(_ bytes: [UInt8]) -> Int { bytes.reversed().reduce(0) { $0 << 8 | Int($1) } }
        var events: [TensorBoardEvent] = []
        while !bytes.isEmpty {
            let length = try take(8)
            #expect(try number(take(4)) == Int(CRC32C.masked(length)))
            let message = try take(number(length))
            #expect(try number(take(4)) == Int(CRC32C.masked(message)))
            events.append(try TensorBoardEvent(serializedBytes: message))
        }
        return events
    }

    /// The event files of a folder, in the order in which TensorBoard reads them.
    private static func files(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("tfevents") }
            .sorted().map { "\(folder)/\($0)" }
    }

    private static func numbers<Number: BitwiseCopyable>(
        _ tensor: TensorBoardTensorProto, as type: Number.Type
    ) -> [Number] {
        tensor.tensorContent.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: MemoryLayout<Number>.size).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: type)
            }
        }
    }

    /// Scalars by tag, then step.
    private static func scalars(_ events: [TensorBoardEvent]) -> [String: [Int: Float]] {
        var found: [String: [Int: Float]] = [:]
        for event in events {
            for value in event.summary.value where value.metadata.pluginData.pluginName == "scalars" {
                found[value.tag, default: [:]][Int(event.step)] = numbers(value.tensor, as: Float.self)[0]
            }
        }
        return found
    }

    @Test func theNumbersAreThoseOfTheLog() throws {
        let scratch = try ScratchFolder()
        defer { scratch.remove() }
        let folder = scratch.path + "/run"
        var settings = TrainerBench.Settings()
        (settings.validation, settings.hasTest, settings.hasEvents) = ([0.5, 1, 0.75], true, true)
        settings.everySteps = 2
        let chosen = settings
        let lines = try ThreadedGroup.run(size: 1) { group in
            let bench = try TrainerBench(group, folder: folder, chosen)
            _ = try bench.trainer.run()
            return try bench.lines().map { try JSONSerialization.data(withJSONObject: $0) }
        }[0]
        let files = try Self.files(in: folder)
        #expect(files.count == 1)
        let events = try Self.events(files[0])
        #expect(events[0].fileVersion == "brain.Event:2" && events.allSatisfy { $0.wallTime > 1e9 })
        let scalars = Self.scalars(events)
        var count = 0
        func expect(_ tag: String, _ step: Int, _ value: Any?) throws {
            let expected = try #require(value as? Double)
            #expect(scalars[tag]?[step] == Float(expected), "\(tag) after step \(step)")
            count += 1
        }
        for data in lines {
            let line = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            let step = line["step"] as? Int ?? 6
            for (key, value) in line where !["event", "step", "split", "best-by"].contains(key) {
                switch (line["event"] as? String, key) {
                case ("step", "seconds"):
                    for (part, seconds) in try #require(value as? [String: Any]) {
                        try expect("seconds/" + part, step, seconds)
                    }
                case ("step", "learning-rate"), ("step", "images-per-second"), ("step", "epoch"):
                    try expect(key, step, value)
                case ("step", _): try expect("train/" + key, step, value)
                case ("evaluation", _):
                    try expect(try #require(line["split"] as? String) + "/" + key, step, value)
                case (let event, _): try expect(try #require(event) + "/" + key, step, value)
                }
            }
        }
        #expect(count == scalars.values.reduce(0) { $0 + $1.count } && count > 100)
    }

    @Test func whatWasSetStandsAtTheBeginning() throws {
        let scratch = try ScratchFolder()
        defer { scratch.remove() }
        let session = EventSession(
            settings: ["rate": .number(0.1), "name": .text("a"), "x": .flag(true)], group: "a group",
            configuration: "a: 1\nb:\n  c: 2\n")
        _ = EventFile(in: scratch.path, session, after: nil)
        let events = try Self.events(Self.files(in: scratch.path)[0])
        let values = try #require(events.last).summary.value
        #expect(values.map(\.tag) == ["_hparams_/session_start_info", "configuration"])
        let content = values[0].metadata.pluginData.content
        let start = try TensorBoardHParamsPluginData(serializedBytes: Array(content)).sessionStartInfo
        #expect(start.groupName == "a group" && start.startTimeSecs > 1e9)
        #expect(start.hparams.keys.sorted() == ["name", "rate", "x"])
        #expect(start.hparams["rate"]?.numberValue == 0.1 && start.hparams["x"]?.boolValue == true)
        #expect(start.hparams["name"]?.stringValue == "a")
        #expect(values[1].metadata.pluginData.pluginName == "text")
        #expect(values[1].tensor.stringVal == [Data("    a: 1\n    b:\n      c: 2".utf8)])
    }

    /// A file of its own, behind that of the first start, which makes later steps of it void.
    @Test func aRunThatGoesOnBeginsAnotherFile() throws {
        let scratch = try ScratchFolder()
        defer { scratch.remove() }
        let folder = scratch.path + "/run"
        var settings = TrainerBench.Settings()
        (settings.hasEvents, settings.everySteps, settings.stopBefore) = (true, 2, 4)
        for stop in [4, nil] {
            settings.stopBefore = stop
            let chosen = settings
            _ = try ThreadedGroup.run(size: 1) { group in
                let bench = try TrainerBench(group, folder: folder, chosen)
                if stop == nil {
                    _ = try bench.trainer.run()
                } else {
                    #expect(throws: (any Error).self) { try bench.trainer.run() }
                }
            }
        }
        let files = try Self.files(in: folder).map(Self.events)
        #expect(files.count == 2)
        // TensorBoard heeds the second and later starts of a folder.
        #expect(files.allSatisfy { $0[1].sessionLog.status == .start } && files[0][1].step == 0)
        let steps = Self.scalars(files[1])["train/loss"]?.keys.sorted()
        #expect(steps?.first == Int(files[1][1].step) && steps?.last == 6)
        let ends = files.map { events in
            events.contains { $0.summary.value.contains { $0.tag == "_hparams_/session_end_info" } }
        }
        #expect(ends == [false, true])
    }

    @Test func aFolderThatIsGoneIsSaidOnce() throws {
        let session = EventSession(settings: [:], group: "", configuration: "")
        let file = EventFile(in: "/does/not/exist", session, after: nil)
        let problem = try #require(file.takeProblem())
        #expect(problem.hasPrefix("/does/not/exist/events.out.tfevents."))
        #expect(problem.contains("cannot be written: No such file or directory") && file.takeProblem() == nil)
    }

    static let distributions: [(values: [Double], low: Double, high: Double, count: Double)] = [
        ([1, 2, 3, 3], 1, 3, 4), ([5, 5], 4.5, 5.5, 2), ([], -0.5, 0.5, 0),
        ([0, .infinity, 1, .nan, 1e300], 0, 1, 2), ([0, .leastNonzeroMagnitude], -0.5, 0.5, 2),
    ]

    @Test(arguments: distributions)
    func histogramsHoldEveryNumber(_ values: [Double], low: Double, high: Double, count: Double) {
        let message = EventValue.histogram("h", values).message
        #expect(message.tensor.tensorShape.dim.map(\.size) == [30, 3])
        let numbers = Self.numbers(message.tensor, as: Double.self)
        let bins = stride(from: 0, to: numbers.count, by: 3).map { Array(numbers[$0..<$0 + 3]) }
        #expect(bins.count == 30 && abs(bins[0][0] - low) < 1e-12 && abs(bins[29][1] - high) < 1e-12)
        #expect(bins.map { $0[2] }.reduce(0, +) == count)
        #expect(zip(bins, bins.dropFirst()).allSatisfy { abs($0[1] - $1[0]) < 1e-12 && $0[0] < $0[1] })
    }
}
