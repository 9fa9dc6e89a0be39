internal import Foundation

/// The system calls with which checkpoints are written; tests put others in their place.
///
/// Each gives what the system gave, or the negated error number: `errno` would not survive the return.
package struct SystemCalls: Sendable {
    /// Makes a folder: path.
    package var makeDirectory: @Sendable (String) -> Int
    /// Creates a file for writing: path. Gives the descriptor.
    package var create: @Sendable (String) -> Int
    /// Opens a folder, to flush it: path. Gives the descriptor.
    package var openDirectory: @Sendable (String) -> Int
    /// Writes: descriptor, bytes. Gives how many bytes it took, which may be fewer.
    package var write: @Sendable (Int, UnsafeRawBufferPointer) -> Int
    /// Flushes a file or a folder to the disk: descriptor.
    package var flush: @Sendable (Int) -> Int
    /// Closes: descriptor.
    package var close: @Sendable (Int) -> Int
    /// Renames: from, to.
    package var rename: @Sendable (String, String) -> Int
    /// Exchanges two names at once: one, the other.
    package var exchange: @Sendable (String, String) -> Int

    /// The calls of the system.
    package static let system = SystemCalls(
        makeDirectory: { given(mkdir($0, 0o755)) },
        create: { given(open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)) },
        openDirectory: { given(open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) },
        write: { descriptor, bytes in
            given(Foundation.write(Int32(descriptor), bytes.baseAddress, bytes.count))
        },
        flush: { given(fsync(Int32($0))) },
        close: { given(Foundation.close(Int32($0))) },
        rename: { given(Foundation.rename($0, $1)) },
        exchange: { one, other in
            guard let renameat2 else { return -Int(ENOSYS) }
            return given(renameat2(AT_FDCWD, one, AT_FDCWD, other, exchangeFlag))
        })

    private typealias RenameAt2 =
        @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32

    /// Glibc declares it for programs with GNU extensions only, which Swift's are not.
    private static let renameat2: RenameAt2? = dlsym(nil, "renameat2").map {
        unsafeBitCast($0, to: RenameAt2.self)
    }

    /// RENAME_EXCHANGE
    private static let exchangeFlag: UInt32 = 2

    /// Reads `errno`, so nothing may come between it and the call.
    private static func given(_ result: some FixedWidthInteger) -> Int {
        result < 0 ? -Int(errno) : Int(result)
    }

    /// The same calls with a fault in `write`.
    func suffering(_ fault: WriteFault?) -> SystemCalls {
        var calls = self
        let write = calls.write
        switch fault {
        case nil: break
        case .diskFull: calls.write = { _, _ in -Int(ENOSPC) }
        case .shortWrites:
            calls.write = { descriptor, bytes in
                write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count / 3 + 1)))
            }
        }
        return calls
    }
}
