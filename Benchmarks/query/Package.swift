// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "query-benchmark",
    dependencies: [.package(name: "skein", path: "../..")],
    targets: [
        .executableTarget(
            name: "query-benchmark",
            dependencies: [
                .product(name: "FlowModel", package: "skein"),
                .product(name: "FlowStore", package: "skein"),
                .product(name: "FlowQuery", package: "skein"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
