// swift-tools-version: 6.2
import PackageDescription

/// A fuzzer's entry point is libFuzzer's, so the file with it is a library and has no `main`.
func fuzzer(_ name: String, _ modules: [String]) -> Target {
    .executableTarget(
        name: name, dependencies: modules.map { .product(name: $0, package: "skein") },
        swiftSettings: [.unsafeFlags(["-parse-as-library"])])
}

let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "skein", path: "..")],
    targets: [
        fuzzer("FuzzExports", ["FlowModel", "FlowWire"]),
        fuzzer("FuzzCaptures", ["FlowModel", "FlowWire", "FlowMeter"]),
        fuzzer("FuzzFiles", ["FlowModel", "FlowFiles"]),
        fuzzer("FuzzFilters", ["FlowModel", "FlowQuery"]),
        // What it reads lies beside it as links: the modules of those files stand on NIO, which would be
        // built with sanitizers for nothing.
        fuzzer("FuzzAnswers", ["FlowModel"]),
    ],
    swiftLanguageModes: [.v6]
)
