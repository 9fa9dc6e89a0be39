internal import Foundation
internal import FoundationXML
import Regularizers
import Reports
import Tensors
import TestSupport
import Testing

/// The heat map.
@Suite struct RelationshipPictureTests {
    /// Source class c belongs to target class c mod K, the more so the smaller c is.
    private func made(_ names: [String], _ sourceClassCount: Int) throws -> Relationship {
        let rows = names.indices.map { row in
            let weights = (0..<sourceClassCount).map { column in
                column % names.count == row ? 2 - Float(column) / Float(sourceClassCount) : 0.1
            }
            let sum = weights.reduce(0, +)
            return weights.map { $0 / sum }
        }
        return try Relationship(
            probabilities: Tensor([names.count, sourceClassCount], rows.flatMap { $0 }), classNames: names)
    }

    private let names = [
        "plain", "<b> & \"c\"", "control \u{1} \u{B}", String(repeating: "long ", count: 12),
    ]

    @Test(arguments: [7, 200, 201]) func isWellFormedWithACellAnElement(_ sourceClassCount: Int) throws {
        let picture = try made(names, sourceClassCount).picture()
        let outline = Outline()
        let parser = XMLParser(data: Data(picture.utf8))
        parser.delegate = outline
        #expect(parser.parse(), "\(String(describing: parser.parserError))")
        #expect(outline.cellCount == 4 * sourceClassCount)
        #expect(outline.rowLabels.count == 4)
        #expect(outline.rowLabels[1].hasPrefix("<b> & \"c\""))
        #expect(outline.columnLabels.count == (sourceClassCount <= 200 ? sourceClassCount : 0))
        #expect(Set(outline.columnLabels) == Set(outline.columnLabels.indices.map { String($0) }))
    }

    @Test func needsNothingFromOutside() throws {
        let picture = try made(names, 7).picture()
        let rest = picture.replacingOccurrences(of: "xmlns=\"http://www.w3.org/2000/svg\"", with: "")
        for word in ["http", "href", "url(", "@import", "<script"] { #expect(!rest.contains(word)) }
    }

    @Test func columnsStandWithTheirTargetClass() throws {
        let outline = Outline()
        let parser = XMLParser(data: Data(try made(["a", "b", "c"], 9).picture().utf8))
        parser.delegate = outline
        #expect(parser.parse())
        let homes = outline.columnLabels.compactMap { Int($0) }.map { $0 % 3 }
        #expect(homes == [0, 0, 0, 1, 1, 1, 2, 2, 2])
    }
}

/// Pictures as files.
@Suite struct RunPicturesTests {
    private let folder: ScratchFolder
    private let relationship: Relationship

    init() throws {
        folder = try ScratchFolder()
        relationship = try Relationship(
            probabilities: Tensor([2, 3], [0.25, 0.5, 0.25, 0, 0.25, 0.75]), classNames: ["a", "b"])
    }

    @Test func aRelationshipInTheRunsFolderIsDrawnBesideIt() throws {
        defer { folder.remove() }
        try RunPictures.write(in: folder.path)
        #expect(try folder.names == [])
        try relationship.write(to: folder.path + "/relationship.safetensors")
        try RunPictures.write(in: folder.path)
        #expect(
            try folder.names == ["relationship.csv", "relationship.safetensors", "relationship.svg"])
        #expect(try folder.text(of: "relationship.svg") == relationship.picture())
    }

    @Test func anUnwritablePictureIsAnError() throws {
        defer { folder.remove() }
        // A folder stands where the picture should be.
        try FileManager.default.createDirectory(
            atPath: folder.path + "/r.svg", withIntermediateDirectories: true)
        let error = #expect(throws: RelationshipError.self) {
            try relationship.writePicture(beside: folder.path + "/r.safetensors")
        }
        #expect(error?.exitCode == 74)
        #expect(error?.description.contains("r.svg: cannot be written") == true)
    }
}

/// Counts what a picture consists of.
private final class Outline: NSObject, XMLParserDelegate {
    var cellCount = 0
    var rowLabels: [String] = []
    var columnLabels: [String] = []
    /// The open elements, each with its class.
    private var open: [(name: String, part: String)] = []

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?,
        qualifiedName: String?, attributes: [String: String]
    ) {
        open.append((elementName, attributes["class"] ?? open.last?.part ?? ""))
        guard let part = open.last?.part else { return }
        switch (elementName, part) {
        case ("rect", "cells"): cellCount += 1
        case ("text", "rows"): rowLabels.append("")
        case ("text", "columns"): columnLabels.append("")
        default: break
        }
    }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?,
        qualifiedName: String?
    ) { open.removeLast() }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        guard let element = open.last, element.name == "text" else { return }
        if element.part == "rows" { rowLabels[rowLabels.count - 1] += string }
        if element.part == "columns" { columnLabels[columnLabels.count - 1] += string }
    }
}
