import ArgumentParser

/// The trace that commands with training steps can write.
struct ProfileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write a trace of ten steps, layer by layer, that Perfetto and chrome://tracing open.",
            discussion: """
                Of the first ten steps after two that warm up and those that try overlap strategies: layers forward \
                and backward, the optimizer, all-reduces and waits; evaluations and checkpoints throughout. At the \
                end rank 0 gathers the spans of all ranks into one file, a process a rank.
                """, valueName: "FILE"))
    var profile: String?
}
