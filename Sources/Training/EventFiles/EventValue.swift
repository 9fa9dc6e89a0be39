internal import Foundation
internal import SwiftProtobuf

/// What TensorBoard shows under a tag.
package enum EventValue {
    /// A point of a curve.
    case scalar(String, Double)
    /// How some numbers are distributed; those that no 32-bit float holds are left out.
    case histogram(String, [Double])
    /// Text, in Markdown.
    case text(String, String)
    /// Pictures, each the bytes of a JPEG or PNG file, of so many pixels at most.
    case images(String, [[UInt8]], side: Int)
    /// What was set when the run began.
    case sessionStart(EventSession, seconds: Double)
    /// The run has come to its end.
    case sessionEnd(seconds: Double)

    /// Bins of a histogram, TensorBoard's default.
    private static let binCount = 30

    /// The value as a message.
    package var message: TensorBoardSummary.Value {
        switch self {
        case .scalar(let tag, let value):
            Self.message(tag, plugin: "scalars", .scalar, .dtFloat, shape: []) {
                $0.tensorContent = Self.bytes([Float(value)])
            }
        case .histogram(let tag, let values):
            Self.message(
                tag, plugin: "histograms", .tensor, .dtDouble, shape: [Self.binCount, 3]
            ) { $0.tensorContent = Self.bytes(Self.bins(values).flatMap { [$0.left, $0.right, $0.count] }) }
        case .text(let tag, let text):
            Self.message(tag, plugin: "text", .tensor, .dtString, shape: [1]) {
                $0.stringVal = [Data(text.utf8)]
            }
        case .images(let tag, let files, let side):
            // Width and height come first; nobody reads them.
            Self.message(tag, plugin: "images", .blobSequence, .dtString, shape: [files.count + 2]) {
                $0.stringVal = [Data("\(side)".utf8), Data("\(side)".utf8)] + files.map { Data($0) }
            }
        case .sessionStart(let session, let seconds):
            Self.session(
                "session_start_info",
                .with {
                    $0.sessionStartInfo.hparams = session.settings.mapValues(\.message)
                    $0.sessionStartInfo.groupName = session.group
                    $0.sessionStartInfo.startTimeSecs = seconds
                })
        case .sessionEnd(let seconds):
            Self.session(
                "session_end_info",
                .with {
                    $0.sessionEndInfo.status = .success
                    $0.sessionEndInfo.endTimeSecs = seconds
                })
        }
    }

    /// Bins of equal width from the smallest number to the largest.
    private static func bins(_ values: [Double]) -> [(left: Double, right: Double, count: Double)] {
        let values = values.filter { Float($0).isFinite }
        let (low, high) = (values.min() ?? 0, values.max() ?? 0)
        let exact = (high - low) / Double(binCount)
        // Of equal numbers, or none, bins have a width all the same.
        let (start, width) = exact > 0 ? (low, exact) : (low - 0.5, 1 / Double(binCount))
        var counts = [Double](repeating: 0, count: binCount)
        for value in values { counts[min(Int((value - start) / width), binCount - 1)] += 1 }
        return counts.enumerated().map { bin, count in
            (start + Double(bin) * width, start + Double(bin + 1) * width, count)
        }
    }

    private static func session(
        _ name: String, _ content: TensorBoardHParamsPluginData
    ) -> TensorBoardSummary.Value {
        message(
            "_hparams_/" + name, plugin: "hparams", content: (try? content.serializedData()) ?? Data(),
            .tensor,
            .dtFloat, shape: [0]
        ) { _ in }
    }

    private static func message(
        _ tag: String, plugin: String, content: Data = Data(), _ dataClass: TensorBoardDataClass,
        _ type: TensorBoardDataType, shape: [Int], _ fill: (inout TensorBoardTensorProto) -> Void
    ) -> TensorBoardSummary.Value {
        .with {
            $0.tag = tag
            $0.metadata.pluginData.pluginName = plugin
            $0.metadata.pluginData.content = content
            $0.metadata.dataClass = dataClass
            $0.tensor.dtype = type
            $0.tensor.tensorShape.dim = shape.map { extent in .with { $0.size = Int64(extent) } }
            fill(&$0.tensor)
        }
    }

    private static func bytes(_ values: [Float]) -> Data {
        Data(values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } })
    }

    private static func bytes(_ values: [Double]) -> Data {
        Data(values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } })
    }
}

extension EventSession.Setting {
    fileprivate var message: TensorBoardValue {
        .with {
            switch self {
            case .number(let value): $0.numberValue = value
            case .text(let value): $0.stringValue = value
            case .flag(let value): $0.boolValue = value
            }
        }
    }
}
