extension PixelImage {
    /// Resizes the image and keeps a part of the result; nothing else is computed.
    ///
    /// First columns, then rows, each rounded to 8 bits, as Pillow does. The result equals Pillow's bit for bit.
    ///
    /// A weight has 24 bits, a pixel 8. Weights are split into two parts of at most 16 bits, since products of such
    /// numbers are what every x86 processor computes on many lanes at once; their sums are exact.
    ///
    /// - Parameters:
    ///   - size: The size that the whole image is resized to.
    ///   - part: What of it is kept, within that size.
    ///   - interpolation: How pixels are weighted.
    ///   - scratch: Buffers with arbitrary contents.
    mutating func resize(
        to size: ImageSize, keeping part: PixelRegion, _ interpolation: Interpolation,
        by scratch: inout TransformScratch
    ) {
        precondition(
            part.rows.upperBound <= size.height && part.columns.upperBound <= size.width,
            "region of \(part) of an image of \(size)")
        guard size != self.size else { return crop(to: part, by: &scratch.image) }
        scratch.columns.prepare(
            input: self.size.width, output: size.width, kept: part.columns, interpolation)
        scratch.rows.prepare(input: self.size.height, output: size.height, kept: part.rows, interpolation)
        resizeColumns(to: part.size.width, rows: scratch.rows.used, by: &scratch)
        resizeRows(to: part.size, by: &scratch)
    }

    /// Makes `scratch.halfway` of the given rows: each of `width` pixels and `halfwayPadding` more values.
    private func resizeColumns(to width: Int, rows: Range<Int>, by scratch: inout TransformScratch) {
        let (rowCount, halfwayCount) = (size.width * channels, width * channels + halfwayPadding)
        fit(&scratch.halfway, rows.count * halfwayCount)
        // Rows are read in pieces of four bytes, so that the last one needs a byte behind its end.
        fit(&scratch.paddedRow, rowCount + 1)
        let last = rows.upperBound - 1
        for value in 0..<rowCount { scratch.paddedRow[value] = pixels[last * rowCount + value] }
        let (table, paddedRow) = (scratch.columns, scratch.paddedRow)
        let source = pixels.span.bytes
        var target = scratch.halfway.mutableSpan
        var targetBytes = target.mutableBytes
        guard channels == 3 else {
            for row in rows {
                resizeGreyRow(
                    source, row * rowCount, table, &targetBytes,
                    (row - rows.lowerBound) * halfwayCount)
            }
            return
        }
        var row = rows.lowerBound
        while row + 4 <= last {
            resizeFourRows(
                source, row * rowCount, rowCount, table, &targetBytes,
                (row - rows.lowerBound) * halfwayCount, halfwayCount)
            row += 4
        }
        for row in row..<last {
            resizeRow(
                source, row * rowCount, table, &targetBytes,
                (row - rows.lowerBound) * halfwayCount)
        }
        resizeRow(
            paddedRow.span.bytes, 0, table, &targetBytes,
            (last - rows.lowerBound) * halfwayCount)
    }

    /// Makes the image of the rows in `scratch.halfway`.
    private mutating func resizeRows(to size: ImageSize, by scratch: inout TransformScratch) {
        let channels = channels
        let table = scratch.rows
        let count = size.width * channels
        let stride = count + halfwayPadding
        reshape(size, channels: channels)
        let source = scratch.halfway.span.bytes
        let firstRow = table.used.lowerBound
        withMutablePixels { target in
            var bytes = target.mutableBytes
            for row in 0..<size.height {
                combineRows(
                    source, (table.firsts[row] - firstRow) * stride, stride, count, table, row, &bytes,
                    row * count)
            }
        }
    }
}

/// Values behind each row of a halfway image, which may be written and read but mean nothing.
private let halfwayPadding = 16

private func fit(_ bytes: inout [UInt8], _ count: Int) {
    if bytes.count < count { bytes.append(contentsOf: repeatElement(0, count: count - bytes.count)) }
}

// The functions below read without a check of each index: `resize` has checked the bounds of all. Without checks in
// between, the compiler sees that a product has factors of 16 bits, which is several times faster.

@inline(__always)
private func colours(_ bytes: RawSpan, _ offset: Int) -> SIMD4<Int32> {
    SIMD4<Int32>(
        truncatingIfNeeded: bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: offset, as: SIMD4<UInt8>.self))
}

/// A weight, `high · 2¹² + low`.
private struct Weight {
    let high: SIMD4<Int32>
    let low: SIMD4<Int32>

    @inline(__always)
    init(_ weights: Span<Int32>, _ place: Int) {
        let whole = SIMD4<Int32>(repeating: weights[unchecked: place])
        // Shifted so that the compiler sees that 16 bits are left.
        (high, low) = ((whole &<< 4) &>> 16, whole & 0xFFF)
    }
}

/// Sums of products of colours with weights.
private struct Sums {
    var high = SIMD4<Int32>.zero
    var low = SIMD4<Int32>.zero

    @inline(__always)
    mutating func add(_ value: SIMD4<Int32>, _ weight: Weight) {
        high &+= value &* weight.high
        low &+= value &* weight.low
    }

    /// Rounded to 8 bits.
    @inline(__always) var pixel: SIMD4<UInt8> {
        let half = SIMD4<Int32>(repeating: 1 << (ResamplingTable.fractionBits - 1))
        let sum = (high &<< 12) &+ low &+ half
        let value = (sum &>> ResamplingTable.fractionBits).clamped(
            lowerBound: .zero, upperBound: SIMD4(repeating: 255))
        return SIMD4<UInt8>(truncatingIfNeeded: value)
    }
}

/// Resizes one row of colours.
private func resizeRow(
    _ source: RawSpan, _ sourceRow: Int, _ table: borrowing ResamplingTable,
    _ target: inout MutableRawSpan, _ targetRow: Int
) {
    let (firsts, weights, taps) = (table.firsts.span, table.weights.span, table.taps)
    for column in 0..<firsts.count {
        var sums = Sums()
        var offset = sourceRow &+ firsts[column] &* 3
        for place in column &* taps..<(column &+ 1) &* taps {
            sums.add(colours(source, offset), Weight(weights, place))
            offset &+= 3
        }
        target.storeBytes(of: sums.pixel, toByteOffset: targetRow &+ column &* 3, as: SIMD4<UInt8>.self)
    }
}

/// Resizes four rows of colours at once: their weights are the same.
private func resizeFourRows(
    _ source: RawSpan, _ sourceRow: Int, _ sourceStride: Int, _ table: borrowing ResamplingTable,
    _ target: inout MutableRawSpan, _ targetRow: Int, _ targetStride: Int
) {
    let (firsts, weights, taps) = (table.firsts.span, table.weights.span, table.taps)
    for column in 0..<firsts.count {
        var (sums0, sums1, sums2, sums3) = (Sums(), Sums(), Sums(), Sums())
        var offset = sourceRow &+ firsts[column] &* 3
        for place in column &* taps..<(column &+ 1) &* taps {
            let weight = Weight(weights, place)
            sums0.add(colours(source, offset), weight)
            sums1.add(colours(source, offset &+ sourceStride), weight)
            sums2.add(colours(source, offset &+ 2 &* sourceStride), weight)
            sums3.add(colours(source, offset &+ 3 &* sourceStride), weight)
            offset &+= 3
        }
        let result = targetRow &+ column &* 3
        target.storeBytes(of: sums0.pixel, toByteOffset: result, as: SIMD4<UInt8>.self)
        target.storeBytes(of: sums1.pixel, toByteOffset: result &+ targetStride, as: SIMD4<UInt8>.self)
        target.storeBytes(of: sums2.pixel, toByteOffset: result &+ 2 &* targetStride, as: SIMD4<UInt8>.self)
        target.storeBytes(of: sums3.pixel, toByteOffset: result &+ 3 &* targetStride, as: SIMD4<UInt8>.self)
    }
}

/// Resizes one row of grey pixels.
private func resizeGreyRow(
    _ source: RawSpan, _ sourceRow: Int, _ table: borrowing ResamplingTable,
    _ target: inout MutableRawSpan, _ targetRow: Int
) {
    let (firsts, weights, taps) = (table.firsts.span, table.weights.span, table.taps)
    for column in 0..<firsts.count {
        var sum: Int32 = 1 << (ResamplingTable.fractionBits - 1)
        for tap in 0..<taps {
            let value = source.unsafeLoad(
                fromByteOffset: sourceRow + firsts[column] + tap, as: UInt8.self)
            sum &+= Int32(value) &* weights[column * taps + tap]
        }
        let value = UInt8(min(max(sum >> ResamplingTable.fractionBits, 0), 255))
        target.storeBytes(of: value, toByteOffset: targetRow + column, as: UInt8.self)
    }
}

/// Makes one row of as many others, `table.taps` from one on.
private func combineRows(
    _ source: RawSpan, _ sourceRow: Int, _ sourceStride: Int, _ count: Int,
    _ table: borrowing ResamplingTable,
    _ row: Int, _ target: inout MutableRawSpan, _ targetRow: Int
) {
    let (weights, taps) = (table.weights.span, table.taps)
    for column in stride(from: 0, to: count, by: 16) {
        var (sums0, sums1, sums2, sums3) = (Sums(), Sums(), Sums(), Sums())
        var offset = sourceRow &+ column
        for place in row &* taps..<(row &+ 1) &* taps {
            let weight = Weight(weights, place)
            sums0.add(colours(source, offset), weight)
            sums1.add(colours(source, offset &+ 4), weight)
            sums2.add(colours(source, offset &+ 8), weight)
            sums3.add(colours(source, offset &+ 12), weight)
            offset &+= sourceStride
        }
        let result = SIMD16<UInt8>(
            lowHalf: SIMD8(lowHalf: sums0.pixel, highHalf: sums1.pixel),
            highHalf: SIMD8(lowHalf: sums2.pixel, highHalf: sums3.pixel))
        if column + 16 <= count {
            target.storeBytes(of: result, toByteOffset: targetRow + column, as: SIMD16<UInt8>.self)
        } else {
            for value in column..<count {
                target.storeBytes(of: result[value - column], toByteOffset: targetRow + value, as: UInt8.self)
            }
        }
    }
}
