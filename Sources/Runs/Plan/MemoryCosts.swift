/// How fast this process copies and adds in memory, measured.
enum MemoryCosts {
    private static let (count, repetitions) = (1 << 21, 9)

    /// Seconds to copy a byte, and to add one of a 32-bit number to sums of 64 bits as an all-reduce does.
    static func measure() -> (copySeconds: Double, sumSeconds: Double) {
        let source = [Float](repeating: 1, count: count)
        var target = [Float](repeating: 0, count: count)
        var sums = [Double](repeating: 0, count: 1024)
        var copying: [Double] = []
        var adding: [Double] = []
        for _ in 0..<repetitions {
            let start = ContinuousClock.now
            target.replaceSubrange(0..<count, with: source)
            copying.append(start.secondsUntilNow)
            let middle = ContinuousClock.now
            for first in stride(from: 0, to: count, by: sums.count) {
                for index in sums.indices { sums[index] += Double(target[first + index]) }
            }
            adding.append(middle.secondsUntilNow)
        }
        // What was computed counts, so that it is computed.
        let isUsed = sums[0] >= 0 && target[0] >= 0
        let bytes = Double(count * MemoryLayout<Float>.stride)
        return (isUsed ? copying.median / bytes : 0, adding.median / bytes)
    }
}
