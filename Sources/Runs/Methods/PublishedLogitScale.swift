internal import Networks

/// The inverse temperature of published weights' logits, where its authors measured it.
///
/// You, Kou, Long and Wang, Co-Tuning for transfer learning, NeurIPS 2020, and their published code.
enum PublishedLogitScale {
    /// Of torchvision's first ResNet-50 weights.
    static let firstResNet50 = 0.8840456604957581

    /// How the SHA-256 of their files begins, as their names say: `resnet50-19c8e357.pth`, `resnet50-0676ba61.pth`.
    private static let firstResNet50Digests = ["19c8e357", "0676ba61"]

    /// The scale of weights by the SHA-256 of their file, in hexadecimal digits; nil where it is not known.
    static func of(weights digest: String, _ network: NetworkName) -> Double? {
        guard network == .resnet50, firstResNet50Digests.contains(where: digest.hasPrefix) else { return nil }
        return firstResNet50
    }
}
