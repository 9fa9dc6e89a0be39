import Testing

/// All tests of this target, one at a time, so that the memory they ask for can be counted.
@Suite("Frozen networks", .serialized)
enum FrozenNetworkTests {}
