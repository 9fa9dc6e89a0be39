/// Constants of the all-reduce of gradients that a prediction of its time needs.
package enum CommunicationMechanics {
    /// Buckets under way at the same time.
    package static var laneCount: Int { AllReducePipeline.laneCount }

    /// Seconds between two advances of `OverlapStrategy.thread` while the other thread computes.
    package static var pauseSeconds: Double { Double(CommunicationThread.pauseMicroseconds) * 1e-6 }

    /// Bytes of a bucket, unless told otherwise.
    ///
    /// - Parameter peers: All ranks, or in two levels the hosts.
    package static func bucketBytes(peers: Int) -> Int { GradientBuckets.bytes(peers: peers) }
}
