internal import Foundation

/// Names that the system gives as bytes, which need not be UTF-8: Latin-1 in old archives and on old disks. Swift's texts
/// are UTF-8, and what is none becomes U+FFFD in them, a name of something that is not there.
package enum UTF8Names {
    /// The current folder; nil where its name is not UTF-8 or the system does not know it.
    package static var currentFolder: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(validatingCString: path)
    }

    /// The bytes of a name with those that are not UTF-8 as `\xE9`.
    package static func shown(_ bytes: some Sequence<UInt8>) -> String {
        var (text, rest) = ("", Array(bytes)[...])
        while let first = rest.first {
            let count = (1...4).first { String(validating: rest.prefix($0), as: UTF8.self) != nil }
            if let count, count <= rest.count {
                text += String(decoding: rest.prefix(count), as: UTF8.self)
                rest = rest.dropFirst(count)
            } else {
                text += "\\x" + (first < 16 ? "0" : "") + String(first, radix: 16, uppercase: true)
                rest = rest.dropFirst()
            }
        }
        return text
    }

    /// The first argument of this process that is not UTF-8, with such bytes as `\xE9`; nil where there is none.
    package static var firstBrokenArgument: String? {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            guard String(validatingCString: argument) == nil else { continue }
            return shown(
                UnsafeBufferPointer(start: argument, count: strlen(argument)).map { UInt8(bitPattern: $0) })
        }
        return nil
    }
}
