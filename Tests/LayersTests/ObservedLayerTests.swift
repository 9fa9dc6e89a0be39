import Layers
import Tensors
import Testing

/// What an observer of a tape is told, and that nobody pays for one that is not there.
@Suite struct ObservedLayerTests {
    private final class Log: TapeObserver {
        var lines: [String] = []
        var open: [String] = []
        var layer: String? { open.last }

        func begin(_ layer: String, isBackward: Bool) {
            open.append(layer)
            lines.append("\(isBackward ? "backward" : "forward") \(open.joined(separator: "/"))")
        }

        func end() { open.removeLast() }
    }

    @Test func layersAreNamedForwardAndBackward() throws {
        let log = Log()
        let convolution = Convolution2D(
            name: "conv1", inputChannels: 2, outputChannels: 8, size: 1, settings: .init())
        let normalization = BatchNormalization(name: "bn1", channels: 8)
        convolution.initialize(seed: 1)
        let tape = Tape(observer: log)
        let context = ForwardContext(tape: tape, normalization: .local)
        let images = Variable(Tensor([2, 2, 3, 3], (0..<36).map { Float($0 % 7) }), requiresGradient: true)
        let output = try context.layer("block") {
            try normalization(convolution(images, context), context)
        }
        #expect(log.lines == ["forward block", "forward block/conv1", "forward block/bn1"])
        log.lines = []
        try tape.backward(from: tape.dot(output, output.value))
        // The gradient of the convolution's weights is work of its own.
        #expect(
            log.lines == ["backward objective", "backward bn1", "backward conv1", "backward conv1"])
        #expect(log.open.isEmpty)
    }

    @Test func withoutAnObserverNamesAreNotMade() throws {
        let context = ForwardContext(tape: Tape(), normalization: .frozen)
        var names = 0
        func name() -> String {
            names += 1
            return "layer"
        }
        #expect(context.layer(name()) { 3 } == 3)
        #expect(names == 0)
    }
}
