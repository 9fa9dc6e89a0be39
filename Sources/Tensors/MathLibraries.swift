internal import COneDNN
internal import COpenBLAS

/// The libraries that compute in this process, in their own words.
public enum MathLibraries {
    /// oneDNN's version, for example `2.6.3`; empty if it does not say.
    public static var oneDNNVersion: String {
        guard let version = dnnl_version()?.pointee else { return "" }
        return "\(version.major).\(version.minor).\(version.patch)"
    }

    /// The widest instructions that oneDNN computes with here: those of the processor, unless `DNNL_MAX_CPU_ISA`
    /// allows less. Two hosts on which they differ give the same results to rounding only.
    public static var instructions: String {
        let known = [
            ("AVX-512 with AMX", dnnl_cpu_isa_avx512_core_amx),
            ("AVX-512 with bfloat16", dnnl_cpu_isa_avx512_core_bf16), ("AVX-512", dnnl_cpu_isa_avx512_core),
            ("AVX2", dnnl_cpu_isa_avx2), ("AVX", dnnl_cpu_isa_avx),
        ]
        return known.first { Engine.computes(with: $0.1) }?.0 ?? "SSE 4.1"
    }

    /// Whether the processor multiplies `bfloat16` numbers by itself, with AVX512-BF16 or AMX, and oneDNN may use that.
    /// Without it networks of that precision compute the same and take longer than with 32-bit floats.
    public static var multipliesBFloat16: Bool { Engine.multipliesBFloat16 }

    /// OpenBLAS's version and how it was built, then the kind of processor that it computes for:
    /// `OpenBLAS 0.3.21 DYNAMIC_ARCH Zen MAX_THREADS=64`; empty if it does not say.
    public static var openBLASConfiguration: String {
        guard let text = openblas_get_config() else { return "" }
        return String(cString: text).split(separator: " ").joined(separator: " ")
    }
}
