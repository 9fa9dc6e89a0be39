/// An array of numbers with a logical shape and a storage layout.
///
/// Elements are 32-bit floats, but for feature maps of a network whose precision is lower: those are `bfloat16` in
/// memory. `dense()` and all that hands out elements give 32-bit floats.
///
/// A tensor is a value whose contents do not change once it is made; copies share storage. The exceptions
/// are named as such (`copy(from:)`, `fill(with:)`, `withMutableElements`) and are meant for buffers that
/// live long, such as parameters, gradients and momentum.
public struct Tensor: Sendable {
    /// Logical extents.
    public let shape: Shape
    /// Order of the elements in memory.
    public let layout: Layout
    var storage: Storage
    /// First element of this tensor in the storage, in elements.
    let offset: Int

    init(shape: Shape, layout: Layout, storage: Storage, offset: Int) {
        self.shape = shape
        self.layout = layout
        self.storage = storage
        self.offset = offset
    }

    /// A tensor with arbitrary contents, to be written by an operation of this module.
    init(uninitialized shape: Shape, layout: Layout = .dense, elementType: ElementType = .float32) {
        self.init(
            shape: shape, layout: layout,
            storage: Storage(count: layout.elementCount(of: shape), elementType: elementType), offset: 0)
    }

    /// A dense tensor whose elements `body` writes, all of them, in row-major order.
    public init<Failure: Error>(
        _ shape: Shape, initializingWith body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        self.init(uninitialized: shape)
        try body(UnsafeMutableBufferPointer(start: pointer, count: shape.count))
    }

    /// A dense tensor of the given elements in row-major order.
    public init(_ shape: Shape, _ elements: [Float]) {
        precondition(
            elements.count == shape.count, "\(elements.count) elements for a tensor of shape \(shape)")
        self.init(shape) { buffer in _ = buffer.update(from: elements) }
    }

    /// A dense tensor with the same value everywhere.
    public init(repeating value: Float, _ shape: Shape) {
        self.init(shape) { buffer in buffer.update(repeating: value) }
    }

    /// A tensor without dimensions.
    public init(scalar value: Float) { self.init([], [value]) }

    /// First element in memory, of 32-bit floats. Valid as long as the tensor lives.
    var pointer: UnsafeMutablePointer<Float> { pointer(to: Float.self) }

    /// First element in memory, which is of that type. Valid as long as the tensor lives.
    func pointer<Element: StoredElement>(to type: Element.Type) -> UnsafeMutablePointer<Element> {
        storage.pointer(to: type) + offset
    }

    /// First element in memory, whatever its type. Valid as long as the tensor lives.
    var memory: UnsafeMutableRawPointer { storage.memory + offset * elementType.byteCount }

    /// Number of elements that the layout occupies, channels of padding included.
    var storedCount: Int { layout.elementCount(of: shape) }

    /// The type of the elements in memory.
    public var elementType: ElementType { storage.elementType }

    /// Number of logical elements.
    public var count: Int { shape.count }

    /// The elements in row-major order, copied out.
    public var elements: [Float] {
        let dense = dense()
        return withExtendedLifetime(dense) {
            Array(UnsafeBufferPointer(start: dense.pointer, count: dense.count))
        }
    }

    /// The elements as they lie in memory, channels of padding included, copied out; for tests.
    package var storedElements: [Float] {
        let wide = converted(to: .float32)
        return withExtendedLifetime(wide) {
            Array(UnsafeBufferPointer(start: wide.pointer, count: storedCount))
        }
    }

    /// The value of a tensor with one element.
    public var scalar: Float {
        precondition(count == 1, "scalar asked of a tensor of shape \(shape)")
        let wide = converted(to: .float32)
        return withExtendedLifetime(wide) { wide.pointer[0] }
    }

    /// The same elements under another shape; the tensor must be dense.
    public func reshaped(_ shape: Shape) -> Tensor {
        precondition(layout == .dense, "reshaped needs a dense tensor")
        precondition(shape.count == count, "cannot see \(self.shape) as \(shape)")
        return Tensor(shape: shape, layout: .dense, storage: storage, offset: offset)
    }

    /// A view of `shape.count` elements that begin at element `start` of this dense tensor.
    public func slice(at start: Int, _ shape: Shape) -> Tensor {
        precondition(layout == .dense, "slice needs a dense tensor")
        precondition(
            start >= 0 && start + shape.count <= count,
            "slice of \(shape.count) at \(start) exceeds a tensor of \(count) elements")
        return Tensor(shape: shape, layout: .dense, storage: storage, offset: offset + start)
    }

    /// Rows `range` of a dense tensor, along the first dimension; a view.
    public func rows(_ range: Range<Int>) -> Tensor {
        precondition(shape.rank >= 1 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
        let rowCount = count / max(shape[0], 1)
        return slice(at: range.lowerBound * rowCount, Shape([range.count] + shape.dimensions.dropFirst()))
    }

    /// Reads the elements of a dense tensor of 32-bit floats in place.
    public func withElements<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(layout == .dense, "withElements needs a dense tensor")
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(start: pointer, count: count))
    }

    /// Changes the elements of a dense tensor of 32-bit floats in place, for every tensor that shares its storage.
    public func withMutableElements<Result, Failure: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(layout == .dense, "withMutableElements needs a dense tensor")
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeMutableBufferPointer(start: pointer, count: count))
    }

    /// Overwrites this tensor, in place, with the elements of another of the same shape.
    public func copy(from other: Tensor) {
        precondition(shape == other.shape, "copy of \(other.shape) into \(shape)")
        Reorder.run(from: other, into: self, accumulating: false)
    }

    /// A tensor of the same elements that shares nothing with this one.
    public func duplicate() -> Tensor {
        let result = Tensor(uninitialized: shape, layout: layout, elementType: elementType)
        Reorder.run(from: self, into: result, accumulating: false)
        return result
    }

    /// Sets all elements, in place.
    public func fill(with value: Float) {
        withMutableElements { $0.update(repeating: value) }
    }

    /// The same elements in row-major storage of 32-bit floats; the tensor itself where it is that already.
    public func dense() -> Tensor { with(layout: .dense).converted(to: .float32) }

    /// The same elements in the given layout; the tensor itself where it has that layout already.
    package func with(layout: Layout) -> Tensor {
        guard layout != self.layout else { return self }
        let result = Tensor(uninitialized: shape, layout: layout, elementType: elementType)
        Reorder.run(from: self, into: result, accumulating: false)
        return result
    }

    /// The same elements as another type, rounded to the nearest where it is the narrower one; the tensor itself where
    /// it has that type already.
    public func converted(to type: ElementType) -> Tensor {
        guard type != elementType else { return self }
        let result = Tensor(uninitialized: shape, layout: layout, elementType: type)
        Reorder.run(from: self, into: result, accumulating: false)
        return result
    }
}

extension Layout {
    /// Elements that a tensor of this shape occupies.
    func elementCount(of shape: Shape) -> Int {
        switch self {
        case .dense: shape.count
        case .blocked(let block): shape[0] * ((shape[1] + block - 1) / block * block) * shape[2] * shape[3]
        case .packed(let packed): packed.descriptor.byteCount / packed.descriptor.elementType.byteCount
        }
    }
}
