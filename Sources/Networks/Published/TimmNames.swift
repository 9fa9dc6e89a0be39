extension LayerNaming {
    /// timm's names of `mobilenetv2_100` and of `tf_efficientnet_lite0` to `4`: `blocks.1.0.conv_pw`.
    ///
    /// timm's `efficientnet_lite0` (without `tf_`) has the same names, but pads and normalizes otherwise: its weights
    /// are not those of the network here.
    static func timm(_ stages: InvertedResidualStages) -> LayerNaming {
        let blocks = stages.names(
            separable: ["conv_dw", "bn1", "conv_pw", "bn2"],
            inverted: ["conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"]
        ) { stage, place, _ in "blocks.\(stage).\(place)." }
        return LayerNaming(
            .timm, layers: ["conv_stem", "bn1"] + blocks + ["conv_head", "bn2", "classifier"])
    }
}
