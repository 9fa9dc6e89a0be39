internal import Foundation

/// What the system takes of a processor to send and receive over TCP, measured within this process: a connection to
/// itself, whose both ends one thread serves.
package struct LoopbackCosts: Sendable {
    /// Seconds to send and receive a small message.
    package let messageSeconds: Double
    /// Seconds to send and receive a byte of a large one.
    package let byteSeconds: Double

    private static let (smallBytes, largeBytes, repetitions) = (64, 1 << 16, 200)
    /// Bytes at each end, gone through in turn: gradients do not lie in a cache either.
    private static let memoryBytes = 1 << 24
    private static let mostAttempts = 100_000

    /// Measures them; nil where the system gives no connection.
    package static func measure() -> LoopbackCosts? {
        guard let (sender, receiver) = connection() else { return nil }
        defer {
            close(sender)
            close(receiver)
        }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * memoryBytes, alignment: 4096)
        defer { memory.deallocate() }
        _ = memory.initializeMemory(as: UInt8.self, repeating: 1)
        guard let small = seconds(smallBytes, sender, receiver, memory),
            let large = seconds(largeBytes, sender, receiver, memory)
        else { return nil }
        return LoopbackCosts(
            messageSeconds: small, byteSeconds: max(0, large - small) / Double(largeBytes))
    }

    /// The median of some transfers of so many bytes, from the first half of memory to the second; nil where one fails.
    private static func seconds(
        _ count: Int, _ sender: Int32, _ receiver: Int32, _ memory: UnsafeMutableRawBufferPointer
    ) -> Double? {
        guard let base = memory.baseAddress else { return nil }
        var all: [Double] = []
        // What does not fit into the buffers comes later.
        let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
        for repetition in 0..<repetitions {
            let source = base + repetition * largeBytes % memoryBytes
            let target = source + memoryBytes
            let start = ContinuousClock.now
            var (sent, received, attempts) = (0, 0, 0)
            while received < count {
                if sent < count { sent += max(0, send(sender, source + sent, count - sent, flags)) }
                if received < sent {
                    received += max(0, recv(receiver, target + received, count - received, flags))
                }
                attempts += 1
                if attempts > mostAttempts { return nil }
            }
            all.append((ContinuousClock.now - start) / .seconds(1))
        }
        return all.sorted()[repetitions / 2]
    }

    /// Two ends of a connection of this process to itself.
    private static func connection() -> (Int32, Int32)? {
        let type = Int32(SOCK_STREAM.rawValue)
        let (listener, sender) = (socket(AF_INET, type, 0), socket(AF_INET, type, 0))
        defer { if listener >= 0 { close(listener) } }
        guard listener >= 0, sender >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let receiver = withUnsafeMutablePointer(to: &address) { pointer -> Int32 in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(listener, address, length) == 0, listen(listener, 1) == 0,
                    getsockname(listener, address, &length) == 0, connect(sender, address, length) == 0
                else { return -1 }
                return accept(listener, nil, nil)
            }
        }
        guard receiver >= 0 else {
            close(sender)
            return nil
        }
        return (sender, receiver)
    }
}
