internal import CMPI

// Every kind of MPI handle reaches Swift as the same `OpaquePointer`, so that passing an operation where a
// communicator belongs would compile. One structure a kind makes that an error.

/// A communicator, and whether it is ours to free.
struct Communicator {
    let raw: MPI_Comm?

    /// Predefined communicators must never be freed; those that we made must be, before MPI ends.
    let isOwned: Bool

    /// All processes of the job.
    static var world: Communicator { Communicator(raw: cmpi_comm_world(), isOwned: false) }

    /// The same processes with messages of their own, which cannot meet those of other libraries.
    ///
    /// - Throws: `MPIError`
    /// - Important: Collective: every rank of the communicator must call this, in the same order.
    func duplicate() throws(MPIError) -> Communicator {
        var copy: MPI_Comm? = cmpi_comm_null()
        try check("MPI_Comm_dup", MPI_Comm_dup(raw, &copy))
        return Communicator(raw: copy, isOwned: true)
    }

    /// The processes of this communicator with the same color, in rank order; nil where the color is nil.
    ///
    /// - Throws: `MPIError`
    /// - Important: Collective: every rank of the communicator must call this, in the same order.
    func split(color: Int?) throws(MPIError) -> Communicator? {
        var part: MPI_Comm? = cmpi_comm_null()
        try check(
            "MPI_Comm_split", MPI_Comm_split(raw, color.map { Int32($0) } ?? cmpi_undefined(), 0, &part))
        return color == nil ? nil : Communicator(raw: part, isOwned: true)
    }

    /// The processes of this communicator that can share memory with this one, in rank order: those of its host.
    ///
    /// - Throws: `MPIError`
    /// - Important: Collective: every rank of the communicator must call this, in the same order.
    func splitByHost() throws(MPIError) -> Communicator {
        var part: MPI_Comm? = cmpi_comm_null()
        try check(
            "MPI_Comm_split_type", MPI_Comm_split_type(raw, cmpi_shared_type(), 0, cmpi_info_null(), &part))
        return Communicator(raw: part, isOwned: true)
    }

    /// Frees the communicator if it is ours.
    ///
    /// - Throws: `MPIError`
    /// - Important: Collective: every rank of the communicator must call this, in the same order.
    func free() throws(MPIError) {
        guard isOwned else { return }
        var handle = raw
        try check("MPI_Comm_free", MPI_Comm_free(&handle))
    }
}

/// The type of the elements of a message.
struct DataType {
    let raw: MPI_Datatype?

    /// 16 bits that MPI moves and never adds.
    static var uint16: DataType { DataType(raw: cmpi_uint16()) }

    private init(raw: MPI_Datatype?) { self.raw = raw }

    /// MPI's type for a kind of element.
    init(_ kind: TransmissibleKind) {
        raw =
            switch kind {
            case .float: cmpi_float()
            case .double: cmpi_double()
            case .int32: cmpi_int32()
            case .int64: cmpi_int64()
            case .uint8: cmpi_uint8()
            }
    }
}

/// How a reduction combines two elements.
struct Reduction {
    let raw: MPI_Op?

    /// Adds them.
    static var sum: Reduction { Reduction(raw: cmpi_sum()) }
}
