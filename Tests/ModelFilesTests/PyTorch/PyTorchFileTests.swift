internal import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

/// Files of `torch.save` against what Python's reader makes of them.
@Suite struct PyTorchFileTests {
    struct Form: Sendable, CustomTestStringConvertible {
        let file: String
        var expected = "expected.safetensors"
        var keys: [String] = []
        var prefix = ""
        var opaqueNames: [String] = []

        var testDescription: String { file }
    }

    static let forms = [
        Form(file: "zip.pth"), Form(file: "legacy.pth"), Form(file: "no-counters.pth"),
        Form(file: "half.pth", expected: "expected-half.safetensors"),
        Form(file: "ema.pth", keys: ["model_ema"]),
        Form(file: "hostile.pth", keys: ["state_dict"], opaqueNames: ["posix.system"]),
        Form(file: "moco.pth", keys: ["state_dict"], prefix: "module.encoder_q."),
        Form(
            file: "data-parallel.pth.tar", keys: ["state_dict"], prefix: "module.",
            opaqueNames: ["numpy.dtype", "numpy._core.multiarray.scalar", "argparse.Namespace"]),
    ]

    @Test(arguments: forms) func formsThatPeopleSave(_ form: Form) throws {
        let file = try PyTorchFile(contentsOf: pyTorchFixture(form.file))
        #expect(file.keys == form.keys)
        #expect(file.opaqueNames == form.opaqueNames)
        let expected = try SafetensorsFile(contentsOf: pyTorchFixture(form.expected))
        for name in expected.names {
            let found = form.prefix + name
            if form.file == "no-counters.pth", name.hasSuffix("num_batches_tracked") {
                #expect(file.shape(of: found) == nil)
            } else if form.prefix == "module.encoder_q.", name.hasPrefix("fc.") {
                #expect(file.shape(of: found) == nil)
            } else if expected.holdsIntegers(name) {
                #expect(try file.integers(found) == expected.integers(name))
                #expect(try file.counter(found) == Int64(expected.integers(name)[0]))
            } else {
                #expect(
                    mismatch(try file.tensor(found), try expected.tensor(name), relative: 0) == nil,
                    "\(name)")
            }
        }
        #expect(!FileManager.default.fileExists(atPath: "hostile-was-here"))
    }

    @Test(arguments: [
        "views-protocol-2.pth", "views-protocol-3.pth", "views-protocol-4.pth", "views-deflated.pth",
        "views-zip64.pth", "views-legacy.pth",
    ])
    func storagesAreSharedStridedAndOfEveryType(_ name: String) throws {
        let file = try WeightFile.open(pyTorchFixture(name))
        let expected = try SafetensorsFile(contentsOf: pyTorchFixture("views-expected.safetensors"))
        for name in expected.names {
            #expect(file.holdsIntegers(name) == expected.holdsIntegers(name))
            #expect(file.shape(of: name) == expected.shape(of: name))
            if expected.holdsIntegers(name) {
                #expect(try file.integers(name) == expected.integers(name), "\(name)")
                #expect(throws: WeightFileError.self) { try file.tensor(name) }
            } else if name == "double" {
                #expect(try file.tensor(name).elements == [Float(1.0 / 3), .infinity, -0.1])
            } else {
                #expect(
                    mismatch(try file.tensor(name), try expected.tensor(name), relative: 0) == nil,
                    "\(name)")
                #expect(throws: WeightFileError.self) { try file.integers(name) }
            }
        }
        guard name != "views-legacy.pth" else { return }
        #expect(try file.integers("uint16") == [1, 65535])
        #expect(try file.tensor("with_state").elements == [1, 1])
        #expect((file as? PyTorchFile)?.opaqueNames == [])
    }

    static let refused: [(String, [String])] = [
        ("only-hostile.pth", ["'posix.system'", "nothing that a file names is called"]),
        ("whole-model.pth", ["'__main__.Net'", "state_dict()"]),
        ("big-endian.pth", ["big-endian"]), ("script.pt", ["TorchScript"]),
    ]

    @Test(arguments: refused) func whatHoldsNoWeightsIsRefused(_ name: String, _ parts: [String]) throws {
        let path = pyTorchFixture(name)
        let error = try #require(throws: WeightFileError.self) { try PyTorchFile(contentsOf: path) }
        #expect(error.exitCode == 65 && error.description.hasPrefix(path + ": "))
        for part in parts { #expect(error.detail.contains(part), "\(error)") }
        #expect(!FileManager.default.fileExists(atPath: "hostile-was-here"))
    }

    @Test func anOldFileOfABigEndianMachineIsRefused() throws {
        var bytes = try contents(pyTorchFixture("legacy.pth"))
        let key = try #require(bytes.firstRange(of: Array("little_endian".utf8)))
        let flag = try #require(bytes[key.upperBound...].firstIndex(of: 0x88))
        bytes[flag] = 0x89
        let error = try readingError(bytes, in: ScratchFolder()) as? WeightFileError
        #expect(error?.detail.contains("big-endian") == true)
    }

    @Test func aChecksumThatIsThereIsVerified() throws {
        let folder = try ScratchFolder()
        var bytes = try contents(pyTorchFixture("zip.pth"))
        let file = try PyTorchFile(contentsOf: pyTorchFixture("zip.pth"))
        let first = try file.tensor("conv1.weight").elements[0]
        let place = try #require(
            bytes.firstRange(of: withUnsafeBytes(of: first.bitPattern.littleEndian) { Array($0) }))
        bytes[place.lowerBound] ^= 1
        let error = try readingError(bytes, in: folder) as? WeightFileError
        #expect(error?.kind == .damaged && error?.detail.contains("checksum") == true)
    }

    /// PyTorch leaves checksums out if told to: then they are 0.
    @Test func aChecksumThatIsAbsentIsNot() throws {
        var bytes = try contents(pyTorchFixture("views-zip64.pth"))
        for place in bytes.indices.dropLast(4) where bytes[place...].starts(with: [0x50, 0x4B, 1, 2]) {
            for byte in 16..<20 { bytes[place + byte] = 0 }
        }
        #expect(try readingError(bytes, in: ScratchFolder()) == nil)
    }

    struct Kind: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]
        let testDescription: String

        init(_ bytes: [UInt8], _ name: String) { (self.bytes, testDescription) = (bytes, name) }

        init(_ text: String, _ name: String) { self.init(Array(text.utf8), name) }
    }

    static let kinds: [Kind] = [
        Kind("", "empty"), Kind("<!DOCTYPE html><html>", "an HTML page"),
        Kind("version https://git-lfs.github.com/spec/v1\noid sha256:00", "git lfs pull"),
        Kind([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "HDF5"), Kind("conv1 0.1 0.2\n", "text"),
        Kind([0x1F, 0x8B, 8, 0], "gzip"), Kind([UInt8](repeating: 0, count: 100), "zeros"),
        Kind([0x80, 4, 0x95, 1], "plain pickle"), Kind([0x50, 0x4B, 3, 4, 0, 0], "ZIP archive"),
        Kind("{\"a\": 1}", "weight_map"), Kind([1, 2, 3], "unknown kind"),
        Kind(bytes([UInt8](repeating: 1, count: 257), Array("ustar".utf8)), "tar archive"),
    ]

    @Test(arguments: kinds) func whatAFileIsInsteadIsSaid(_ kind: Kind) throws {
        let error = try #require(try readingError(kind.bytes, in: ScratchFolder()) as? WeightFileError)
        #expect(error.exitCode == 65 && error.detail.contains(kind.testDescription), "\(error)")
        #expect(error.description.utf8.count < 600)
    }

    @Test func aPipeAndAFolderAreRefusedAtOnce() throws {
        let folder = try ScratchFolder()
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        for path in [pipe, folder.path] {
            for open in [{ _ = try WeightFile.open(path) }, { _ = try SafetensorsFile(contentsOf: path) }] {
                let error = try #require(throws: (any Error).self) { try open() }
                #expect("\(error)".contains("not a regular file"))
                #expect((error as? WeightFileError)?.exitCode ?? 65 == 65)
            }
        }
        let absent = try #require(throws: WeightFileError.self) {
            try WeightFile.open(folder.path + "/absent.pth")
        }
        #expect(absent.exitCode == 74)
    }
}
