// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "decode-benchmark",
    dependencies: [.package(name: "skein", path: "../..")],
    targets: [
        .executableTarget(
            name: "decode-benchmark",
            dependencies: [
                .product(name: "FlowModel", package: "skein"),
                .product(name: "FlowWire", package: "skein"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
