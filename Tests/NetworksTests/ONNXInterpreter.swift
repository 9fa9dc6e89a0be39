internal import Foundation
import Layers
import ModelFiles
import SwiftProtobuf
import Tensors
import TestSupport
import Testing

/// Computes the graph of an ONNX file, operation by operation, by what the format says of each.
struct ONNXInterpreter {
    /// The file.
    let model: ONNXModelProto
    private let weights: [String: Tensor]
    private let tape = Tape(recording: false)

    /// Reads a file.
    init(_ path: String) throws {
        model = try ONNXModelProto(serializedBytes: contents(path))
        let initializers = model.graph.initializer
        #expect(Set(initializers.map(\.name)).count == initializers.count)
        weights = try Dictionary(uniqueKeysWithValues: initializers.map { ($0.name, try Self.tensor($0)) })
    }

    private static func tensor(_ message: ONNXTensorProto) throws -> Tensor {
        let shape = Shape(message.dims.map(Int.init))
        try #require(message.dataType == 1 && message.rawData.count == 4 * shape.count, "\(message.name)")
        return Tensor(
            shape,
            message.rawData.withUnsafeBytes { bytes in
                (0..<shape.count).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
            })
    }

    /// The one output for images `[N, 3, H, W]`.
    func output(_ images: Tensor) throws -> Tensor {
        let graph = model.graph
        var values = weights
        values[graph.input[0].name] = images
        for node in graph.node {
            let inputs = try node.input.map { try #require(values[$0], "\($0) of \(node.name)") }
            try #require(node.output.count == 1 && values[node.output[0]] == nil)
            values[node.output[0]] = try value(of: node, inputs)
        }
        return try #require(values[graph.output[0].name])
    }

    private func value(of node: ONNXNodeProto, _ inputs: [Tensor]) throws -> Tensor {
        let x = Variable(inputs[0])
        func integer(_ name: String) -> Int? { node.attribute.first { $0.name == name }.map { Int($0.i) } }
        func integers(_ name: String) throws -> [Int] {
            try #require(node.attribute.first { $0.name == name }).ints.map(Int.init)
        }
        switch node.opType {
        case "Conv":
            let (pads, strides) = (try integers("pads"), try integers("strides"))
            #expect(try integers("kernel_shape") == Array(inputs[1].shape.dimensions[2...]))
            return tape.convolution(
                x, weight: Variable(inputs[1]), bias: Variable(inputs[2]),
                settings: ConvolutionSettings(
                    stride: strides[0],
                    padding: .sides(top: pads[0], bottom: pads[2], left: pads[1], right: pads[3]),
                    groups: try #require(integer("group")))
            ).value
        case "Relu": return Self.map(inputs[0]) { max($0, 0) }
        case "Clip":
            let (low, high) = (inputs[1].elements[0], inputs[2].elements[0])
            return Self.map(inputs[0]) { min(max($0, low), high) }
        case "Add": return tape.add(x, Variable(inputs[1])).value
        case "MaxPool":
            let (size, stride, pads) = (
                try integers("kernel_shape"), try integers("strides"), try integers("pads")
            )
            return inputs[0].pooled(
                PoolingSettings(.maximum, size: size[0], stride: stride[0], padding: pads[0]))
        case "GlobalAveragePool":
            let means = inputs[0].averagedOverPositions()
            return Tensor(Shape(means.shape.dimensions + [1, 1]), means.elements)
        case "Flatten": return Tensor([x.shape[0], x.shape.count / x.shape[0]], inputs[0].elements)
        case "Gemm":
            #expect(integer("transB") == 1)
            return tape.linear(x, weight: Variable(inputs[1]), bias: Variable(inputs[2])).value
        default: throw UnknownOperation(name: node.opType)
        }
    }

    private struct UnknownOperation: Error { let name: String }

    private static func map(_ tensor: Tensor, _ function: (Float) -> Float) -> Tensor {
        Tensor(tensor.shape, tensor.elements.map(function))
    }
}
