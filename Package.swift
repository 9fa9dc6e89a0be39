// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// A target whose warnings are errors.
func target(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, exclude: ["README.md"] + exclude, swiftSettings: strict)
}

/// Protocol buffers, of which ONNX and TensorBoard's files consist.
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")

/// The unit tests of a target.
///
/// Those that compute little themselves are not optimized: optimizing takes longer than all their runs. The flag is of
/// test targets alone, which nobody who depends on this package builds.
func tests(
    of name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], areOptimized: Bool = false
) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies, exclude: exclude,
        swiftSettings: areOptimized ? strict : strict + [.unsafeFlags(["-Onone"])])
}

/// A program of the tests, which a script starts under mpirun.
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

let package = Package(
    name: "Ballast",
    products: [
        .executable(name: "ballast", targets: ["ballast"]),
        .library(
            name: "BallastKit",
            targets: [
                "Hosts", "ProcessGroups", "Tensors", "ModelFiles", "Layers", "Networks", "ImageData",
                "Regularizers", "Training",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // MARK: System libraries: a module map and accessors for macros, no logic.
        .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
        .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CTurboJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // Instructions of processors that Swift has no words for, and how numbers are rounded to bfloat16.
        .systemLibrary(name: "CVectors"),

        // MARK: The library BallastKit; a target imports only what stands above it.
        target("Hosts", []),
        target("ProcessGroups", ["CMPI", "CVectors", "Hosts"]),
        target("Tensors", ["COneDNN", "COpenBLAS", "CVectors", "Hosts"]),
        target(
            "ModelFiles", ["COpenSSL", "CZlib", "Hosts", "Tensors", protobuf],
            exclude: ["ONNX/onnx.proto"]),
        target("Layers", ["Hosts", "ModelFiles", "Tensors"]),
        target("Networks", ["Layers", "ModelFiles", "Tensors"]),
        target("ImageData", ["CPNG", "CTurboJPEG", "CZlib", "Hosts", "ModelFiles", "Tensors"]),
        target("Regularizers", ["Hosts", "Layers", "ModelFiles", "ProcessGroups", "Tensors"]),
        target(
            "Training",
            [
                "Hosts", "ImageData", "Layers", "ModelFiles", "ProcessGroups", "Regularizers", "Tensors",
                protobuf,
            ], exclude: ["EventFiles/tensorboard.proto"]),

        // MARK: The command line.
        target("Comparisons", []),
        target("Reports", ["Hosts", "ModelFiles", "Regularizers", "Tensors"]),
        target(
            "Runs",
            [
                "Comparisons", "Hosts", "ImageData", "Layers", "ModelFiles", "Networks", "ProcessGroups",
                "Regularizers", "Reports", "Tensors", "Training", "Yams",
            ]),
        .executableTarget(
            name: "ballast",
            dependencies: [
                "Hosts", "Networks", "ProcessGroups", "Runs", "Tensors", "Training",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], exclude: ["README.md"], swiftSettings: strict),

        // MARK: Tests, a bundle a target. Checks over several ranks are programs of their own.
        target("TestSupport", ["ProcessGroups", "Tensors"]),
        tests(of: "Hosts", ["Hosts", "TestSupport"]),
        tests(of: "ProcessGroups", ["Hosts", "ProcessGroups", "TestSupport"]),
        tests(
            of: "Tensors", ["CVectors", "ModelFiles", "ProcessGroups", "Tensors", "TestSupport"],
            areOptimized: true),
        tests(of: "ModelFiles", ["ModelFiles", "Tensors", "TestSupport"], exclude: ["Fixtures"]),
        tests(of: "Layers", ["Layers", "ModelFiles", "ProcessGroups", "Tensors", "TestSupport"]),
        tests(
            of: "Networks",
            ["Layers", "ModelFiles", "Networks", "ProcessGroups", "Tensors", "TestSupport", protobuf],
            areOptimized: true),
        tests(
            of: "ImageData", ["Hosts", "ImageData", "ModelFiles", "Tensors", "TestSupport"],
            exclude: ["Fixtures"]),
        tests(
            of: "Regularizers",
            [
                "Hosts", "Layers", "ModelFiles", "Networks", "ProcessGroups", "Regularizers", "Tensors",
                "TestSupport",
            ], exclude: ["Fixtures"]),
        tests(
            of: "Training",
            [
                "Hosts", "ImageData", "Layers", "ModelFiles", "Networks", "ProcessGroups", "Regularizers",
                "Tensors", "TestSupport", "Training", protobuf,
            ]),
        tests(of: "Comparisons", ["Comparisons"], areOptimized: true),
        tests(
            of: "Reports",
            ["Hosts", "ModelFiles", "Regularizers", "Reports", "Tensors", "TestSupport"]),
        tests(
            of: "Runs",
            [
                "Hosts", "ImageData", "Layers", "ModelFiles", "ProcessGroups", "Regularizers", "Reports",
                "Runs", "Tensors", "TestSupport", "Training",
            ]),
        // Runs the built binary, which the dependency keeps up to date.
        tests(
            of: "CommandLine",
            ["Hosts", "ModelFiles", "Reports", "Runs", "Tensors", "TestSupport", "ballast"]),
        program(
            "MPIChecks",
            [
                "Hosts", "ImageData", "Layers", "ModelFiles", "Networks", "ProcessGroups", "Regularizers",
                "Tensors", "Training",
            ]),
        // The program of a package of its own, Tests/ClientPackage: it sees what is public, as such a package does.
        .executableTarget(
            name: "client",
            dependencies: [
                "Hosts", "ImageData", "Layers", "ModelFiles", "Networks", "ProcessGroups", "Regularizers",
                "Tensors", "Training",
            ], path: "Tests/ClientPackage/Sources/client", packageAccess: false, swiftSettings: strict),
        // Gives damaged files to every reader: see Tests/README.md.
        program(
            "ReaderFuzz",
            [
                "Hosts", "ImageData", "Layers", "ModelFiles", "Networks", "ProcessGroups", "Regularizers",
                "Reports", "Runs", "Tensors", "Training",
            ]),
        // Plays a measured step with waits in place of computing: see Tests/README.md.
        program(
            "PlanReplay",
            ["Hosts", "ImageData", "Layers", "ProcessGroups", "Regularizers", "Runs", "Tensors", "Training"]),
        // Is killed while it saves: see Tests/run-checkpoint-checks.sh.
        program("CheckpointTorture", ["Hosts", "ProcessGroups", "Tensors", "Training"]),
    ],
    swiftLanguageModes: [.v6]
)
