// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "compare-engine",
    dependencies: [.package(name: "skein", path: "../../..")],
    targets: [
        .executableTarget(
            name: "engine",
            dependencies: [
                .product(name: "FlowModel", package: "skein"),
                .product(name: "FlowStore", package: "skein"),
                .product(name: "FlowQuery", package: "skein"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
