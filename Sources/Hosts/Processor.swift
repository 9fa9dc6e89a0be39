internal import Foundation

/// The processor of a host.
package struct Processor: Sendable, Equatable, Codable {
    /// Its name as the system has it; empty where it does not say.
    package var model: String
    /// The instructions that are computed with, for example `AVX2`; empty where that is not known.
    package var instructions: String

    /// A processor from its name and its instructions.
    package init(model: String, instructions: String) {
        (self.model, self.instructions) = (model, instructions)
    }

    /// That of this host.
    ///
    /// - Parameters:
    ///   - instructions: What this process computes with.
    ///   - information: The file in which Linux tells about its processors.
    package static func current(instructions: String, information: String = "/proc/cpuinfo") -> Processor {
        let text = (try? String(contentsOfFile: information, encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = line?.split(separator: ":", maxSplits: 1).last ?? ""
        return Processor(
            model: name.split(whereSeparator: \.isWhitespace).joined(separator: " "),
            instructions: instructions)
    }

    /// For example `AMD EPYC 7B13 with AVX2`.
    package var words: String {
        let name = model.isEmpty ? "a processor without a name" : model
        return instructions.isEmpty ? name : "\(name) with \(instructions)"
    }
}
