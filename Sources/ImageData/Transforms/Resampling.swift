extension PixelImage {
    /// Resizes the image and keeps a part of the result; nothing else is computed.
    ///
    /// One way after the other, each rounded to 8 bits: columns first, or rows where that leaves more than twice as much
    /// less to do, as Pillow does. The result equals Pillow's bit for bit.
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
        let (fewerRows, fewerColumns) = (self.size.height - size.height, self.size.width - size.width)
        if fewerRows > 0 && fewerRows > 2 * fewerColumns {
            resizeRowsThenColumns(to: part.size, by: &scratch)
        } else {
            resizeColumnsThenRows(to: part.size, by: &scratch)
        }
    }

    private mutating func resizeColumnsThenRows(to size: ImageSize, by scratch: inout TransformScratch) {
        let (columns, rows) = (scratch.columns, scratch.rows)
        let (used, rowCount, count) = (rows.used, self.size.width * channels, size.width * channels)
        scratch.reserve(halfway: used.count * count, paddedRow: rowCount + 1)
        // The last row has no byte behind its end, which a piece of four bytes would take along.
        let last = used.upperBound - 1
        for value in 0..<rowCount { scratch.paddedRow[value] = pixels[last * rowCount + value] }
        let paddedRow = scratch.paddedRow
        let source = Lines(first: used.lowerBound * rowCount, stride: rowCount)
        var halfway = scratch.halfway.mutableSpan
        var target = halfway.mutableBytes
        let rest = used.count - 1
        resizeColumns(pixels.span.bytes, source, 0..<rest, columns, channels, &target, count)
        let lastLine = Lines(first: -rest * rowCount, stride: rowCount)
        resizeColumns(
            paddedRow.span.bytes, lastLine, rest..<used.count, columns, channels, &target, count)
        reshape(size, channels: channels)
        let (bytes, lines) = (
            scratch.halfway.span.bytes, Lines(first: -used.lowerBound * count, stride: count)
        )
        withMutablePixels { pixels in
            var target = pixels.mutableBytes
            resizeRows(bytes, lines, count, rows, &target, count)
        }
    }

    private mutating func resizeRowsThenColumns(to size: ImageSize, by scratch: inout TransformScratch) {
        let (columns, rows, channels) = (scratch.columns, scratch.rows, channels)
        let used = columns.used
        let (rowCount, count) = (self.size.width * channels, used.count * channels)
        // One value more, which a piece of four bytes takes along.
        scratch.reserve(halfway: size.height * count + 1, paddedRow: 0)
        let source = Lines(first: used.lowerBound * channels, stride: rowCount)
        var halfway = scratch.halfway.mutableSpan
        var target = halfway.mutableBytes
        resizeRows(pixels.span.bytes, source, count, rows, &target, count)
        reshape(size, channels: channels)
        let (bytes, lines) = (
            scratch.halfway.span.bytes, Lines(first: -used.lowerBound * channels, stride: count)
        )
        withMutablePixels { pixels in
            var target = pixels.mutableBytes
            resizeColumns(
                bytes, lines, 0..<size.height, columns, channels, &target, size.width * channels)
        }
    }
}

extension TransformScratch {
    fileprivate mutating func reserve(halfway count: Int, paddedRow rowCount: Int) {
        func fit(_ bytes: inout [UInt8], _ count: Int) {
            if bytes.count < count {
                bytes.append(contentsOf: repeatElement(0, count: count - bytes.count))
            }
        }
        fit(&halfway, count)
        fit(&paddedRow, rowCount)
    }
}

/// Where lines of pixels lie in bytes: line i begins at `first + i · stride`.
private struct Lines {
    let first: Int
    let stride: Int

    func offset(_ line: Int) -> Int { first + line * stride }
}

/// Resizes some lines, each to one that is `targetStride` values long.
private func resizeColumns(
    _ bytes: RawSpan, _ source: Lines, _ lines: Range<Int>, _ table: borrowing ResamplingTable,
    _ channels: Int, _ target: inout MutableRawSpan, _ targetStride: Int
) {
    var line = lines.lowerBound
    guard channels == 3 else {
        for line in lines {
            resizeGreyRow(
                bytes, source.offset(line), table, &target, line * targetStride)
        }
        return
    }
    while line + 4 <= lines.upperBound {
        resizeFourRows(
            bytes, source.offset(line), source.stride, table, &target,
            line * targetStride, targetStride)
        line += 4
    }
    for line in line..<lines.upperBound {
        resizeRow(bytes, source.offset(line), table, &target, line * targetStride)
    }
}

/// Combines lines of `count` values.
private func resizeRows(
    _ bytes: RawSpan, _ source: Lines, _ count: Int, _ table: borrowing ResamplingTable,
    _ target: inout MutableRawSpan, _ targetStride: Int
) {
    for row in 0..<table.firsts.count {
        combineRows(
            bytes, source.offset(table.firsts[row]), source.stride, count, table, row,
            &target, row * targetStride)
    }
}

// The functions below read without a check of each index: tables name no pixel outside of an image, and all
// that is written is checked. Without checks in between, the compiler sees that a product has factors of 16 bits, which is several times faster.

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

/// Writes a pixel in a piece of four bytes, whose last the next pixel takes; the last of a row in three.
@inline(__always)
private func store(_ sums: Sums, _ target: inout MutableRawSpan, _ offset: Int, isLast: Bool) {
    let pixel = sums.pixel
    if isLast {
        for colour in 0..<3 {
            target.storeBytes(of: pixel[colour], toByteOffset: offset &+ colour, as: UInt8.self)
        }
    } else {
        target.storeBytes(of: pixel, toByteOffset: offset, as: SIMD4<UInt8>.self)
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
        store(sums, &target, targetRow &+ column &* 3, isLast: column == firsts.count &- 1)
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
        let (result, isLast) = (targetRow &+ column &* 3, column == firsts.count &- 1)
        store(sums0, &target, result, isLast: isLast)
        store(sums1, &target, result &+ targetStride, isLast: isLast)
        store(sums2, &target, result &+ 2 &* targetStride, isLast: isLast)
        store(sums3, &target, result &+ 3 &* targetStride, isLast: isLast)
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
    guard count >= 16 else {
        for column in 0..<count {
            var sum: Int32 = 1 << (ResamplingTable.fractionBits - 1)
            for tap in 0..<taps {
                let value = source.unsafeLoad(
                    fromByteOffset: sourceRow + tap * sourceStride + column, as: UInt8.self)
                sum &+= Int32(value) &* weights[row * taps + tap]
            }
            let value = UInt8(min(max(sum >> ResamplingTable.fractionBits, 0), 255))
            target.storeBytes(of: value, toByteOffset: targetRow + column, as: UInt8.self)
        }
        return
    }
    for start in stride(from: 0, to: count, by: 16) {
        // The last piece may compute some values again.
        let column = min(start, count &- 16)
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
        target.storeBytes(of: result, toByteOffset: targetRow &+ column, as: SIMD16<UInt8>.self)
    }
}
