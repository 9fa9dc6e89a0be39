// swift-tools-version: 6.2
import PackageDescription

// A package of its own that knows Ballast only as the product BallastKit.
let package = Package(
    name: "Client",
    dependencies: [.package(name: "Ballast", path: "../..")],
    targets: [
        .executableTarget(
            name: "client", dependencies: [.product(name: "BallastKit", package: "Ballast")],
            swiftSettings: [.treatAllWarnings(as: .error)])
    ],
    swiftLanguageModes: [.v6])
