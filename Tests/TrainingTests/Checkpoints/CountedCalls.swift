internal import Foundation
internal import Synchronization
import Training

/// The calls of the system, counted; some of them fail without being made.
final class CountedCalls: Sendable {
    private let made = Mutex<[String]>([])
    private let failure: @Sendable ([String]) -> Int32?

    /// - Parameter failure: The error number of a call, from the names of all calls up to it; nil to make it.
    init(failing failure: @escaping @Sendable ([String]) -> Int32? = { _ in nil }) {
        self.failure = failure
    }

    /// Names of the calls so far, those that failed included.
    var names: [String] { made.withLock { $0 } }

    var calls: SystemCalls {
        let system = SystemCalls.system
        var calls = system
        calls.makeDirectory = { [self] path in call("makeDirectory") { system.makeDirectory(path) } }
        calls.create = { [self] path in call("create") { system.create(path) } }
        calls.openDirectory = { [self] path in call("openDirectory") { system.openDirectory(path) } }
        calls.write = { [self] file, bytes in call("write") { system.write(file, bytes) } }
        calls.flush = { [self] file in call("flush") { system.flush(file) } }
        // Whatever close says, the descriptor is gone.
        calls.close = { [self] file in
            let closed = system.close(file)
            return call("close") { closed }
        }
        calls.rename = { [self] path, target in call("rename") { system.rename(path, target) } }
        calls.exchange = { [self] one, other in call("exchange") { system.exchange(one, other) } }
        return calls
    }

    private func call(_ name: String, _ body: () -> Int) -> Int {
        let names = made.withLock { made in
            made.append(name)
            return made
        }
        if let code = failure(names) { return -Int(code) }
        return body()
    }
}
