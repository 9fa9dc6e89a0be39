internal import COneDNN
internal import CVectors

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
    static let nativeBlock: Int = {
        _ = shared
        return computes(with: dnnl_cpu_isa_avx512_core) ? 16 : 8
    }()

    /// Whether oneDNN uses these instructions here. Its names for sets of them are bits, and not in order: AVX2 with
    /// VNNI has a larger number than AVX-512.
    static func computes(with instructions: dnnl_cpu_isa_t) -> Bool {
        dnnl_get_effective_cpu_isa().rawValue & instructions.rawValue == instructions.rawValue
    }

    /// The vectors that passes over feature maps are computed in.
    static let vectors: cvectors_processor = {
        _ = shared
        if computes(with: dnnl_cpu_isa_avx512_core) { return cvectors_avx512 }
        return computes(with: dnnl_cpu_isa_avx2) ? cvectors_avx2 : cvectors_oldest
    }()

    /// Whether this processor multiplies bfloat16 numbers by itself (AVX512-BF16 or AMX). oneDNN emulates that with
    /// AVX-512 alone, which takes longer than 32-bit floats do, and cannot do it at all with less.
    static let multipliesBFloat16: Bool = {
        _ = shared
        return computes(with: dnnl_cpu_isa_avx512_core_bf16)
    }()

    /// Whether it multiplies vectors of them (AVX512-BF16) and not matrices (AMX), with which oneDNN is the faster one.
    static let multipliesBFloat16Vectors: Bool =
        multipliesBFloat16 && !computes(with: dnnl_cpu_isa_avx512_core_amx)

    /// Whether oneDNN has primitives of bfloat16 here, be they emulated.
    static let hasBFloat16Primitives: Bool = {
        _ = shared
        return computes(with: dnnl_cpu_isa_avx512_core)
    }()

    /// Stops the program when a call fails: shapes are checked before, so it would be a fault of ours.
    static func check(_ call: StaticString, _ status: dnnl_status_t) {
        guard status != dnnl_success else { return }
        fatalError("\(call) failed with status \(status.rawValue) of oneDNN")
    }
}
