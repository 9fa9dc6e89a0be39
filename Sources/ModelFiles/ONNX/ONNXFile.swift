internal import Foundation
internal import SwiftProtobuf
internal import Tensors

/// A graph as a file that other programs compute: ONNX, version 8 of the format.
///
/// Weights are 32-bit floats within the file. A reader finds the strings of `metadata` in `metadata_props`.
public struct ONNXFile {
    /// Version of the format: the first with all that operators of version 13 need.
    private static let formatVersion: Int64 = 8
    /// Protocol buffers count bytes in 31 bits; some go to names.
    private static let mostWeightBytes = Int(Int32.max) - 64 << 20
    /// What the format calls 32-bit floats.
    private static let float32: Int32 = 1
    /// The name of the number of samples.
    private static let samples = "N"

    private let graph: ONNXGraph
    private let output: ONNXGraph.Value
    private let outputName: String
    private let description: String
    private let metadata: [String: String]

    /// A file of a graph.
    ///
    /// - Parameters:
    ///   - graph: The operations.
    ///   - output: What the network gives, `[N, K]`.
    ///   - outputName: What users call it.
    ///   - description: For people.
    ///   - metadata: Strings for programs.
    public init(
        _ graph: ONNXGraph, output: ONNXGraph.Value, as outputName: String, description: String = "",
        metadata: [String: String] = [:]
    ) {
        (self.graph, self.output, self.outputName) = (graph, output, outputName)
        (self.description, self.metadata) = (description, metadata)
    }

    /// Writes the file: see `OutputFile.write`.
    ///
    /// - Parameters:
    ///   - path: The file, as the user named it.
    ///   - producerVersion: The version of this program.
    /// - Throws: `OutputFileError`; also where the weights do not fit into a file of this format.
    public func write(to path: String, producerVersion: String = "") throws(OutputFileError) {
        let count = graph.weights.reduce(0) { $0 + 4 * $1.tensor.count }
        guard count <= Self.mostWeightBytes, let bytes = serialized(producerVersion) else {
            throw OutputFileError(
                path: path,
                detail:
                    "ONNX files hold at most 2 GiB, and the weights have \(count) bytes; export safetensors")
        }
        try OutputFile.write(bytes, named: path)
    }

    /// The contents; nil where they are too long.
    private func serialized(_ producerVersion: String) -> [UInt8]? {
        let model = ONNXModelProto.with {
            $0.irVersion = Self.formatVersion
            ($0.producerName, $0.producerVersion) = ("ballast", producerVersion)
            $0.docString = description
            $0.opsetImport = [.with { $0.version = Int64(ONNXGraph.operatorVersion) }]
            $0.metadataProps = metadata.sorted { $0.key < $1.key }.map { key, value in
                .with { ($0.key, $0.value) = (key, value) }
            }
            $0.graph = graphMessage
        }
        return try? model.serializedBytes()
    }

    private var graphMessage: ONNXGraphProto {
        .with {
            $0.name = graph.name
            $0.node = graph.nodes.map { message($0) }
            $0.initializer = graph.weights.map { Self.message($0.name, $0.tensor) }
            $0.input = [Self.message(graph.input.name, graph.input.shape)]
            $0.output = [Self.message(outputName, output.shape)]
        }
    }

    /// An operation; the one whose value is the network's gives it under the name that users know.
    private func message(_ node: ONNXGraph.Node) -> ONNXNodeProto {
        .with {
            ($0.opType, $0.name, $0.input) = (node.operation, node.name, node.inputs)
            $0.output = [node.output == output.name ? outputName : node.output]
            $0.attribute = node.attributes.map { Self.message($0.name, $0.value) }
        }
    }

    private static func message(_ name: String, _ attribute: ONNXGraph.Attribute) -> ONNXAttributeProto {
        .with {
            $0.name = name
            switch attribute {
            case .integer(let value): ($0.type, $0.i) = (.int, Int64(value))
            case .integers(let values): ($0.type, $0.ints) = (.ints, values.map(Int64.init))
            }
        }
    }

    private static func message(_ name: String, _ tensor: Tensor) -> ONNXTensorProto {
        .with {
            $0.name = name
            $0.dims = tensor.shape.dimensions.map(Int64.init)
            $0.dataType = float32
            $0.rawData = tensor.withElements { elements in
                if UInt32(1).littleEndian == 1 { return Data(UnsafeRawBufferPointer(elements)) }
                return Data(
                    elements.flatMap { element in
                        withUnsafeBytes(of: element.bitPattern.littleEndian) { Array($0) }
                    })
            }
        }
    }

    /// A value of the graph's border: any number of samples, then its extents.
    private static func message(_ name: String, _ shape: [Int]) -> ONNXValueInfoProto {
        .with {
            $0.name = name
            $0.type.tensorType.elemType = float32
            $0.type.tensorType.shape.dim =
                [.with { $0.dimParam = samples }]
                + shape.map { extent in .with { $0.dimValue = Int64(extent) } }
        }
    }
}
