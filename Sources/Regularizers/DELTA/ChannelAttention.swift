internal import Foundation
public import Tensors

/// How much each channel of a tap counts in DELTA.
public enum ChannelAttention {
    /// Weights of the channels from what each is worth to the source network on the target task,
    ///
    ///     W = softmax(z / 5),   z[c] = (Δ[c] − mean Δ) / deviation Δ
    ///
    /// with the **population's** deviation, √(Σ (Δ − mean)² / C), as NumPy's `std` has it. Channels that are all
    /// worth the same get `1 / C` each. The weights sum to 1 and are the same on every rank where Δ is.
    /// Li, Xiong, Wang, Rao, Liu, Chen and Huan, DELTA: deep learning transfer using feature map with attention for
    /// convolutional networks, ICLR 2019.
    ///
    /// - Parameter lossIncrease: Δ, how much the loss rises when a channel is zeroed; one number a channel.
    /// - Returns: One weight a channel.
    /// - Throws: `NonFiniteError` where a number is none or infinite, with its channel.
    public static func weights(lossIncrease: [Double]) throws(NonFiniteError) -> [Float] {
        if let channel = lossIncrease.firstIndex(where: { !$0.isFinite }) {
            throw NonFiniteError(
                what: "rises of the loss by channel", position: [channel], value: lossIncrease[channel])
        }
        let count = Double(lossIncrease.count)
        let mean = lossIncrease.reduce(0, +) / count
        let deviation =
            (lossIncrease.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
        guard deviation > 0 else { return lossIncrease.map { _ in Float(1 / count) } }
        let scores = lossIncrease.map { ($0 - mean) / deviation / temperature }
        let largest = scores.max() ?? 0
        let exponentials = scores.map { exp($0 - largest) }
        let sum = exponentials.reduce(0, +)
        return exponentials.map { Float($0 / sum) }
    }

    /// Divides the scores, so that no channel takes all.
    private static let temperature = 5.0
}
