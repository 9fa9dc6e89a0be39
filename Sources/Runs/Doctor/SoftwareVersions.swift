internal import Foundation
internal import ProcessGroups
internal import Tensors

/// Versions of this program and of the libraries that decide what it computes; each rank has its own.
package struct SoftwareVersions: Sendable, Codable, Equatable {
    /// The version of this program.
    var ballast: String
    /// The MPI library.
    var mpi: String
    /// oneDNN.
    var oneDNN: String
    /// OpenBLAS, with the kind of processor that it computes for.
    var openBLAS: String

    package init(ballast: String, mpi: String, oneDNN: String, openBLAS: String) {
        (self.ballast, self.mpi, self.oneDNN, self.openBLAS) = (ballast, mpi, oneDNN, openBLAS)
    }

    /// Those of this process.
    static var current: SoftwareVersions {
        SoftwareVersions(
            ballast: BallastVersion.current,
            // What follows the first comma says where and by whom the package was made.
            mpi: MPIRuntime.libraryVersion().split(separator: ",").first.map(String.init) ?? "",
            oneDNN: MathLibraries.oneDNNVersion, openBLAS: MathLibraries.openBLASConfiguration)
    }

    /// Name and version of each, in the order of the table.
    var entries: [(name: String, version: String)] {
        [("ballast", ballast), ("MPI", mpi), ("oneDNN", oneDNN), ("OpenBLAS", openBLAS)]
    }
}
