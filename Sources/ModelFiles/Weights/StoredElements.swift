internal import Tensors

/// Little-endian numbers of one type in memory, and the array that is made of them.
struct StoredElements {
    let bytes: UnsafeRawBufferPointer
    let type: SafetensorsElementType
    /// Lies within `bytes`.
    let layout: StridedLayout

    /// The array in 32-bit floats: shorter ones are widened, F64 is rounded to the nearest; nil where the elements
    /// are no floats.
    func tensor() -> Tensor? {
        switch type {
        case .float32: filled(UInt32.self) { Float(bitPattern: $0) }
        case .float64: filled(UInt64.self) { Float(Double(bitPattern: $0)) }
        case .float16: filled(UInt16.self) { Float(Float16(bitPattern: $0)) }
        case .bfloat16: filled(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .float8E4M3: filled(UInt8.self) { EightBitFloat.e4m3($0) }
        // The upper half of a 16-bit float.
        case .float8E5M2: filled(UInt8.self) { Float(Float16(bitPattern: UInt16($0) << 8)) }
        case .float8E4M3FNUZ: filled(UInt8.self) { EightBitFloat.e4m3FNUZ($0) }
        case .float8E5M2FNUZ: filled(UInt8.self) { EightBitFloat.e5m2FNUZ($0) }
        case .float8E8M0: filled(UInt8.self) { EightBitFloat.e8m0($0) }
        case .boolean, .unsigned8, .signed8, .unsigned16, .signed16, .unsigned32, .signed32, .unsigned64,
            .signed64:
            nil
        }
    }

    /// The array as integers in row-major order, booleans as 0 and 1; nil where the elements are no integers.
    ///
    /// - Throws: `TooLarge`.
    func integers() throws(TooLarge) -> [Int]? {
        switch type {
        case .boolean: return listed(UInt8.self).map { $0 == 0 ? 0 : 1 }
        case .unsigned8: return listed(UInt8.self).map { Int($0) }
        case .signed8: return listed(Int8.self).map { Int($0) }
        case .unsigned16: return listed(UInt16.self).map { Int($0) }
        case .signed16: return listed(Int16.self).map { Int($0) }
        case .unsigned32: return listed(UInt32.self).map { Int($0) }
        case .signed32: return listed(Int32.self).map { Int($0) }
        case .signed64: return listed(Int64.self).map { Int($0) }
        case .unsigned64:
            let values = listed(UInt64.self)
            if let large = values.firstIndex(where: { $0 > UInt64(Int.max) }) {
                throw TooLarge(index: large, value: values[large])
            }
            return values.map { Int($0) }
        case .float8E4M3, .float8E5M2, .float8E4M3FNUZ, .float8E5M2FNUZ, .float8E8M0, .float16, .bfloat16,
            .float32, .float64:
            return nil
        }
    }

    /// An element that does not fit into 64 bits with a sign.
    struct TooLarge: Error {
        let index: Int
        let value: UInt64
    }

    private func filled<Bits: FixedWidthInteger & BitwiseCopyable>(
        _ bits: Bits.Type, _ convert: (Bits) -> Float
    ) -> Tensor {
        Tensor(Shape(layout.sizes)) { (buffer: UnsafeMutableBufferPointer<Float>) in
            let isCopied = type == .float32 && UInt32(1).littleEndian == 1
            var next = 0
            layout.forEachRun { start, stride, count in
                if isCopied, stride == 1 {
                    UnsafeMutableRawBufferPointer(rebasing: buffer[next..<next + count]).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: bytes[start * 4..<(start + count) * 4]))
                } else {
                    for index in 0..<count {
                        buffer[next + index] = convert(element(start + index * stride))
                    }
                }
                next += count
            }
        }
    }

    private func listed<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(layout.count)
        layout.forEachRun { start, stride, count in
            for index in 0..<count { values.append(element(start + index * stride)) }
        }
        return values
    }

    /// Nothing in the formats aligns the elements.
    private func element<Value: FixedWidthInteger & BitwiseCopyable>(_ index: Int) -> Value {
        Value(
            littleEndian: bytes.loadUnaligned(
                fromByteOffset: index * MemoryLayout<Value>.size, as: Value.self))
    }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate init(rebasing slice: Slice<UnsafeMutableBufferPointer<Float>>) {
        self.init(UnsafeMutableBufferPointer(rebasing: slice))
    }
}
