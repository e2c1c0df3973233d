// swift-tools-version: 5.9

import PackageDescription

let package = Package(
    name: "ProofMobile",
    platforms: [.iOS(.v16)],
    products: [.library(name: "ProofMobile", targets: ["ProofMobile"])],
    targets: [.target(name: "ProofMobile")]
)
