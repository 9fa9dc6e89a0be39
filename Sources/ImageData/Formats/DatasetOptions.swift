/// How data sets are opened and read.
public struct DatasetOptions: Sendable {
    /// Hashes of files that are known already; nil where every file is to be hashed.
    public var digests: FileDigestCache?
    /// Whether photographs are turned as their EXIF data say. The reference does not turn them.
    public var appliesOrientation = false
    /// Bytes of decoded photographs that are kept in memory, at most.
    public var cacheBytes = 0
    /// Threads that look at files.
    public var threads = 1

    /// Options; without arguments the defaults.
    public init(
        digests: FileDigestCache? = nil, appliesOrientation: Bool = false, cacheBytes: Int = 0,
        threads: Int = 1
    ) {
        (self.digests, self.appliesOrientation) = (digests, appliesOrientation)
        (self.cacheBytes, self.threads) = (cacheBytes, threads)
    }
}
