// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "match-benchmark",
    dependencies: [.package(name: "skein", path: "../..")],
    targets: [
        .executableTarget(
            name: "match-benchmark",
            dependencies: [
                .product(name: "FlowModel", package: "skein"),
                .product(name: "FlowIntel", package: "skein"),
            ]),
        .executableTarget(
            name: "store-benchmark",
            dependencies: [
                .product(name: "FlowModel", package: "skein"),
                .product(name: "FlowIntel", package: "skein"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
