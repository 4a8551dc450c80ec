// swift-tools-version: 6.2
import PackageDescription

/// For the modules that stand on NIO: its shims import headers of the C library once more, and in a release
/// build the members of `timespec` and its like count as theirs, which MemberImportVisibility then wants
/// imported.
let besideNIO: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

let strict: [SwiftSetting] = besideNIO + [.enableUpcomingFeature("MemberImportVisibility")]

/// For the modules that touch raw memory: every such access says `unsafe`, so that a review finds it.
let memorySafe: [SwiftSetting] = strict + [.strictMemorySafety()]

/// For the modules that every datagram goes through.
///
/// Exclusive access is checked at run time in debug builds only, in which all tests run. In release builds
/// these checks were 4 % of collecting.
let everyDatagram: [SwiftSetting] =
    memorySafe + [
        .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
    ]

/// For the modules in which tests spend half of their time where debug builds leave them as they are.
///
/// What adds up is still checked for overflow, and every access for being within its span.
let optimised: [SwiftSetting] = [
    .unsafeFlags(
        ["-O", "-whole-module-optimization", "-num-threads", "2"],
        .when(configuration: .debug))
]

let package = Package(
    name: "skein",
    products: [
        .executable(name: "skein", targets: ["skein"]),
        .library(name: "FlowModel", targets: ["FlowModel"]),
        .library(name: "FlowWire", targets: ["FlowWire"]),
        .library(name: "FlowDoctor", targets: ["FlowDoctor"]),
        .library(name: "FlowFiles", targets: ["FlowFiles"]),
        .library(name: "FlowMeter", targets: ["FlowMeter"]),
        .library(name: "FlowStore", targets: ["FlowStore"]),
        .library(name: "FlowQuery", targets: ["FlowQuery"]),
        .library(name: "FlowCollector", targets: ["FlowCollector"]),
        .library(name: "FlowEnrichment", targets: ["FlowEnrichment"]),
        .library(name: "FlowIntel", targets: ["FlowIntel"]),
        .library(name: "FlowSwarm", targets: ["FlowSwarm"]),
        .library(name: "FlowGenerator", targets: ["FlowGenerator"]),
        .library(name: "SkeinConfiguration", targets: ["SkeinConfiguration"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // Without its traits it needs neither Foundation nor swift-configuration. The packages after it
        // are its own, named for what is imported of them.
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.0.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
    ],
    targets: [
        // Arrows point down only: a target imports what stands above it in this list.
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CBZip2", providers: [.apt(["libbz2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        // Not swift-crypto: compiling its BoringSSL, beside NIO's own, was a fifth of a build from nothing.
        .systemLibrary(
            name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(
            name: "CMaxMindDB", pkgConfig: "libmaxminddb", providers: [.apt(["libmaxminddb-dev"])]),
        .target(name: "FlowModel", swiftSettings: everyDatagram + optimised),
        .target(
            name: "FlowWire", dependencies: ["FlowModel"],
            swiftSettings: everyDatagram + optimised),
        .target(
            name: "FlowFiles", dependencies: ["FlowModel", "CLZ4", "CBZip2", "CZlib", "CZstd"],
            swiftSettings: memorySafe),
        .target(
            name: "FlowMeter", dependencies: ["FlowModel", "FlowWire"], swiftSettings: memorySafe),
        .target(name: "CAllocator"),
        .target(
            name: "FlowStore", dependencies: ["FlowModel", "CAllocator", "CZstd"],
            swiftSettings: memorySafe + optimised),
        .target(
            name: "FlowEnrichment", dependencies: ["FlowModel", "CMaxMindDB"],
            swiftSettings: memorySafe),
        .target(
            name: "FlowQuery", dependencies: ["FlowModel", "FlowStore", "FlowEnrichment"],
            swiftSettings: memorySafe + optimised),
        .target(
            name: "FlowIntel",
            dependencies: [
                "FlowModel", "FlowFiles", "FlowQuery",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: memorySafe),
        .target(
            name: "FlowFeeds",
            dependencies: [
                "FlowModel", "FlowIntel",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], swiftSettings: besideNIO + [.strictMemorySafety()]),
        .target(
            name: "FlowDoctor", dependencies: ["FlowModel", "FlowWire"], swiftSettings: strict),
        .target(name: "CSockets"),
        .target(name: "CPrivileges"),
        // Not linked with: libpcap is loaded where packets are captured.
        .target(name: "CPcap", linkerSettings: [.linkedLibrary("dl")]),
        .target(
            name: "FlowCapture", dependencies: ["FlowModel", "FlowWire", "CPcap"],
            swiftSettings: memorySafe),
        .target(
            name: "FlowCollector",
            dependencies: [
                "FlowModel", "FlowWire", "FlowMeter", "FlowStore", "FlowCapture", "CSockets",
                "CPrivileges",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], swiftSettings: besideNIO + [.strictMemorySafety()]),
        .target(
            name: "FlowAlert",
            dependencies: [
                "FlowModel", "FlowStore", "FlowQuery", "FlowIntel", "FlowCollector",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], swiftSettings: besideNIO + [.strictMemorySafety()]),
        .target(name: "FlowSwarm", dependencies: ["FlowModel"], swiftSettings: memorySafe),
        // Not linked with: FreeType is loaded where text is drawn.
        .target(
            name: "CFreeType", cSettings: [.unsafeFlags(["-I/usr/include/freetype2"])],
            linkerSettings: [.linkedLibrary("dl")]),
        .target(
            name: "SwarmPainter", dependencies: ["FlowModel", "FlowSwarm", "CFreeType"],
            swiftSettings: memorySafe),
        // The page: its files are embedded by the compiler.
        .target(name: "CPage", exclude: ["web"]),
        .target(name: "FlowGenerator", dependencies: ["FlowModel"], swiftSettings: strict),
        .target(
            name: "SkeinConfiguration", dependencies: ["FlowModel", "FlowQuery", "CYAML"],
            swiftSettings: memorySafe),
        .target(
            name: "SkeinServer",
            dependencies: [
                "FlowModel", "FlowWire", "FlowStore", "FlowQuery", "FlowCollector", "CPage",
                "CSodium", "CZlib",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: besideNIO),
        .target(
            name: "SkeinCommand",
            dependencies: [
                "FlowModel", "FlowWire", "FlowDoctor", "FlowFiles", "FlowMeter", "FlowStore",
                "FlowQuery", "FlowCollector", "FlowEnrichment", "FlowGenerator", "FlowIntel",
                "FlowFeeds", "FlowAlert", "FlowSwarm", "SwarmPainter", "SkeinConfiguration",
                "SkeinServer", "CAllocator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: besideNIO),
        .executableTarget(name: "skein", dependencies: ["SkeinCommand"], swiftSettings: strict),

        .target(
            name: "FlowTestSupport", dependencies: ["FlowModel"], path: "Tests/FlowTestSupport",
            swiftSettings: strict),
        .testTarget(
            name: "FlowModelTests", dependencies: ["FlowModel", "FlowTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "FlowWireTests", dependencies: ["FlowModel", "FlowWire", "FlowTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "FlowDoctorTests", dependencies: ["FlowModel", "FlowWire", "FlowDoctor"],
            swiftSettings: strict),
        .testTarget(
            name: "FlowFilesTests", dependencies: ["FlowModel", "FlowFiles", "CZlib", "CZstd"],
            swiftSettings: strict),
        .testTarget(
            name: "FlowMeterTests",
            dependencies: ["FlowModel", "FlowWire", "FlowMeter", "FlowTestSupport"],
            swiftSettings: strict),
        .executableTarget(
            name: "crash-writer", dependencies: ["FlowModel", "FlowStore"],
            path: "Tests/CrashWriter", swiftSettings: strict),
        .testTarget(
            name: "FlowStoreTests",
            dependencies: ["FlowModel", "FlowStore", "FlowTestSupport", "crash-writer"],
            swiftSettings: strict),
        .testTarget(
            name: "FlowQueryTests",
            dependencies: [
                "FlowModel", "FlowStore", "FlowEnrichment", "FlowQuery", "FlowTestSupport",
            ], swiftSettings: strict),
        .testTarget(
            name: "FlowEnrichmentTests",
            dependencies: ["FlowModel", "FlowEnrichment", "FlowTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "FlowIntelTests", dependencies: ["FlowModel", "FlowIntel", "FlowTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "FlowFeedsTests",
            dependencies: [
                "FlowModel", "FlowIntel", "FlowFeeds", "FlowTestSupport",
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], swiftSettings: strict),
        .testTarget(
            name: "FlowCollectorTests",
            dependencies: [
                "FlowModel", "FlowWire", "FlowMeter", "FlowStore", "FlowCapture", "FlowCollector",
                "FlowGenerator", "FlowTestSupport",
            ], swiftSettings: strict),
        .testTarget(
            name: "FlowAlertTests",
            dependencies: [
                "FlowModel", "FlowIntel", "FlowQuery", "FlowCollector", "FlowAlert",
                "FlowTestSupport",
            ], swiftSettings: strict),
        .testTarget(
            name: "FlowGeneratorTests",
            dependencies: ["FlowModel", "FlowWire", "FlowGenerator", "FlowTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "FlowSwarmTests", dependencies: ["FlowModel", "FlowSwarm"],
            swiftSettings: strict),
        .testTarget(
            name: "SwarmPainterTests", dependencies: ["FlowModel", "FlowSwarm", "SwarmPainter"],
            swiftSettings: strict),
        .testTarget(
            name: "SkeinConfigurationTests",
            dependencies: ["FlowModel", "SkeinConfiguration", "FlowTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "SkeinServerTests",
            dependencies: [
                "skein", "FlowModel", "FlowWire", "FlowQuery", "FlowCollector", "SkeinServer",
                "FlowTestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SkeinCommandTests", dependencies: ["skein", "FlowModel", "FlowTestSupport"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
