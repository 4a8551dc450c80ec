// swift-tools-version: 6.2
import PackageDescription

// swift run -c release --package-path Benchmarks/store StoreBenchmark
// swift run -c release --package-path Benchmarks/store IngestBenchmark FILE.pcap
//
// The checkout must not be called "store": packages are told apart by the names of their folders.

let package = Package(
    name: "store-benchmark",
    dependencies: [.package(name: "skein", path: "../..")],
    targets: [
        .executableTarget(
            name: "StoreBenchmark",
            dependencies: [
                .product(name: "FlowModel", package: "skein"),
                .product(name: "FlowStore", package: "skein"),
            ]),
        .executableTarget(
            name: "IngestBenchmark",
            dependencies: [
                .product(name: "FlowModel", package: "skein"),
                .product(name: "FlowStore", package: "skein"),
                .product(name: "FlowWire", package: "skein"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
