internal import COpenSSL

/// The SHA-256 (FIPS 180-4) of bytes that are given one piece after the other, by OpenSSL, which uses the
/// processor's instructions for it.
public struct SHA256: ~Copyable {
    private let context: OpaquePointer

    /// The hash of nothing yet.
    public init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            fatalError("OpenSSL cannot compute SHA-256: no memory, or a build without it")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds the next bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.isEmpty || EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            fatalError("OpenSSL cannot go on with SHA-256")
        }
    }

    /// The digest of all bytes.
    public consuming func finalize() -> FileDigest {
        var bytes = [UInt8](repeating: 0, count: 32)
        guard EVP_DigestFinal_ex(context, &bytes, nil) == 1 else {
            fatalError("OpenSSL cannot finish SHA-256")
        }
        return FileDigest(bytes)
    }

    /// The digest of bytes that are all there.
    public static func digest(of bytes: some Sequence<UInt8>) -> FileDigest {
        var hash = SHA256()
        Array(bytes).withUnsafeBytes { hash.update($0) }
        return hash.finalize()
    }
}
