internal import COneDNN

/// oneDNN's processor engine and stream of this process, and the funnel for its status codes.
enum Engine {
    /// Handles that oneDNN documents as safe to use from several threads.
    struct Handles: @unchecked Sendable {
        let engine: dnnl_engine_t
        let stream: dnnl_stream_t
    }

    static let shared: Handles = {
        var engine: dnnl_engine_t?
        check("dnnl_engine_create", dnnl_engine_create(&engine, dnnl_cpu, 0))
        var stream: dnnl_stream_t?
        check("dnnl_stream_create", dnnl_stream_create(&stream, engine, 0))
        guard let engine, let stream else { fatalError("oneDNN made no engine for this processor") }
        return Handles(engine: engine, stream: stream)
    }()

    /// Channels in a block: as many floats as the widest vector of this processor holds.
    static let preferredBlock: Int = {
        _ = shared
        return dnnl_get_effective_cpu_isa().rawValue >= dnnl_cpu_isa_avx512_core.rawValue ? 16 : 8
    }()

    /// Stops the program when a call fails: shapes are checked before, so it would be a fault of ours.
    static func check(_ call: StaticString, _ status: dnnl_status_t) {
        guard status != dnnl_success else { return }
        fatalError("\(call) failed with status \(status.rawValue) of oneDNN")
    }
}
