internal import COneDNN
internal import COpenBLAS

/// The libraries that compute in this process, in their own words.
public enum MathLibraries {
    /// oneDNN's version, for example `2.6.3`; empty if it does not say.
    public static var oneDNNVersion: String {
        guard let version = dnnl_version()?.pointee else { return "" }
        return "\(version.major).\(version.minor).\(version.patch)"
    }

    /// OpenBLAS's version and how it was built, then the kind of processor that it computes for:
    /// `OpenBLAS 0.3.21 DYNAMIC_ARCH Zen MAX_THREADS=64`; empty if it does not say.
    public static var openBLASConfiguration: String {
        guard let text = openblas_get_config() else { return "" }
        return String(cString: text).split(separator: " ").joined(separator: " ")
    }
}
