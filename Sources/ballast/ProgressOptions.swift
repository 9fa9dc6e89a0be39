import ArgumentParser

/// What commands that take long say meanwhile.
struct ProgressOptions: ParsableArguments {
    @Flag(help: "Say nothing but notices, results and errors.")
    var quiet = false
}
