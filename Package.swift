// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "Ballast",
    products: [.executable(name: "ballast", targets: ["ballast"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // MARK: System libraries: a module map and accessors for macros, no logic.
        .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
        .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // MARK: The library targets, in the order in which they build on each other.
        .target(name: "ProcessGroups", dependencies: ["CMPI"], swiftSettings: strict),
        .target(name: "Tensors", dependencies: ["COpenBLAS", "COneDNN"], swiftSettings: strict),
        .target(name: "Layers", dependencies: ["Tensors"], swiftSettings: strict),
        .target(name: "Networks", dependencies: ["Layers", "Tensors"], swiftSettings: strict),
        .target(
            name: "Regularizers", dependencies: ["Layers", "ProcessGroups", "Tensors"],
            swiftSettings: strict),
        .target(name: "ImageData", dependencies: ["CZlib", "Tensors"], swiftSettings: strict),
        .target(
            name: "Training",
            dependencies: [
                "ImageData", "Layers", "ProcessGroups", "Regularizers", "Tensors",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),

        // MARK: The command line.
        .executableTarget(
            name: "ballast",
            dependencies: [
                "ImageData", "Layers", "Networks", "ProcessGroups", "Regularizers", "Tensors",
                "Training", "Yams",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),

        // MARK: Tests. Checks over several ranks are programs of their own: see Tests/MPIChecks.
        .target(
            name: "TestSupport", dependencies: ["ProcessGroups", "Tensors"],
            swiftSettings: strict),
        .testTarget(
            name: "ProcessGroupsTests", dependencies: ["ProcessGroups", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "TensorsTests", dependencies: ["ProcessGroups", "Tensors", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "LayersTests", dependencies: ["Layers", "ProcessGroups", "Tensors", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "NetworksTests",
            dependencies: ["Layers", "Networks", "ProcessGroups", "Tensors", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "RegularizersTests",
            dependencies: [
                "Layers", "Networks", "ProcessGroups", "Regularizers", "Tensors", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "ImageData", "Layers", "Networks", "ProcessGroups", "Regularizers", "Tensors", "TestSupport",
                "Training",
            ], swiftSettings: strict),
        // Runs the built binary, which the dependency keeps up to date.
        .testTarget(
            name: "CommandLineTests", dependencies: ["ballast", "Tensors"], swiftSettings: strict),
        .executableTarget(
            name: "MPIChecks", dependencies: ["ProcessGroups"], path: "Tests/MPIChecks",
            swiftSettings: strict),
        .testTarget(
            name: "SafetensorsTests", dependencies: ["Tensors"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "RelationshipTests",
            dependencies: ["ProcessGroups", "Regularizers", "Tensors", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ImageDataTests", dependencies: ["ImageData", "Tensors"],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "FrozenNetworkTests", dependencies: ["Layers", "Networks", "Tensors"],
            swiftSettings: strict),
        .testTarget(
            name: "CheckpointTests",
            dependencies: ["ProcessGroups", "Tensors", "Training"], swiftSettings: strict),
        // A program that is killed while it saves: see Tests/run-checkpoint-checks.sh.
        .executableTarget(
            name: "CheckpointTorture", dependencies: ["ProcessGroups", "Tensors", "Training"],
            path: "Tests/CheckpointTorture", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
