import Tensors

/// Nil if the channels that only fill up the last block of a blocked tensor hold zeros.
///
/// Dense tensors have no such channels.
public func paddingMismatch(_ tensor: Tensor) -> String? {
    guard case .blocked(let block) = tensor.layout else { return nil }
    let (channels, positions) = (tensor.shape[1], tensor.shape[2] * tensor.shape[3])
    let blocks = (channels + block - 1) / block
    for (index, element) in tensor.storedElements.enumerated() {
        let channel = index / (positions * block) % blocks * block + index % block
        if channel >= channels, element != 0 { return "channel \(channel) of padding holds \(element)" }
    }
    return nil
}
