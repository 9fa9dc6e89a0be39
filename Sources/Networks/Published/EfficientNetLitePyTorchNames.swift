extension LayerNaming {
    /// The names of the package `efficientnet_lite_pytorch`: `_blocks.1._expand_conv`, blocks counted through all
    /// stages.
    static func efficientNetLitePyTorch(_ stages: InvertedResidualStages) -> LayerNaming {
        let blocks = stages.names(
            separable: ["_depthwise_conv", "_bn1", "_project_conv", "_bn2"],
            inverted: ["_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_project_conv", "_bn2"]
        ) { _, _, block in "_blocks.\(block)." }
        return LayerNaming(
            .efficientNetLitePyTorch,
            layers: ["_conv_stem", "_bn0"] + blocks + ["_conv_head", "_bn1", "_fc"])
    }
}
