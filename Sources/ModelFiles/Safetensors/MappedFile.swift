internal import Foundation
internal import Hosts
internal import Synchronization

/// A file's bytes, read by the system when they are touched.
///
/// The file must not be shortened while it is mapped. Every writer of this program replaces a file by
/// renaming another over it, which leaves mapped files whole.
final class MappedFile: @unchecked Sendable {
    /// The contents, valid as long as this object lives; nothing writes to them.
    let bytes: UnsafeRawBufferPointer

    /// What the system said when a file could not be mapped.
    struct Failure: Error {
        let reason: String
        /// Whether there is something other than a regular file, such as a folder, a device or a pipe.
        var isOfAnotherKind = false
    }

    /// Maps a regular file.
    init(_ path: String) throws(Failure) {
        // Without O_NONBLOCK the system would wait for a writer of a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.failure("cannot be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure("cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(reason: "is not a regular file; give the path of a file", isOfAnotherKind: true)
        }
        let count = Int(status.st_size)
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let memory = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED
        else {
            guard errno == ENOMEM else { throw Self.failure("cannot be mapped into memory") }
            throw Failure(
                reason:
                    "has \(count) bytes, more than this process may address (ulimit -v); no weights or data are so large",
                isOfAnotherKind: true)
        }
        bytes = UnsafeRawBufferPointer(start: memory, count: count)
    }

    /// Lets `body` look at the contents, which stay mapped meanwhile: nobody else need hold this object.
    func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        try withExtendedLifetime(self) { try body(bytes) }
    }

    /// Lets the system read a part of the file now, piece by piece, and notes progress after each. To be called before
    /// a long pass over the part: on a slow disk the pass itself would give no sign of life.
    func load(_ range: Range<Int>) {
        let bytes = UnsafeRawBufferPointer(rebasing: bytes[range])
        for start in stride(from: 0, to: bytes.count, by: Self.pieceBytes) {
            let end = min(start + Self.pieceBytes, bytes.count)
            let sum = stride(from: start, to: end, by: Self.pageBytes).reduce(UInt8(0)) { $0 &+ bytes[$1] }
            // Else a compiler that knows the sum is of no use would not read.
            Self.lastSum.store(sum, ordering: .relaxed)
            WorkProgress.note()
        }
    }

    private static let (pieceBytes, pageBytes) = (4 << 20, 4 << 10)
    private static let lastSum = Atomic<UInt8>(0)

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }

    /// Reads `errno`, so it must come right after the call that failed.
    private static func failure(_ problem: String) -> Failure {
        Failure(reason: "\(problem): \(String(cString: strerror(errno)))")
    }
}
