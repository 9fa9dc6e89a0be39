import ImageData
import Runs
import TestSupport
import Testing

/// Images of which nobody knows the class.
@Suite struct UnlabelledImagesTests {
    /// A command without a configuration cannot be told `data.on-error`.
    @Test func theAdviceIsOfTheCommand() throws {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        for name in ["a.jpg", "b.jpg"] { try folder.write([1, 2, 3], as: "images/" + name) }
        let error = #expect(throws: DataError.self) {
            _ = try UnlabelledImages.open(paths: [folder.path + "/images"])
        }
        #expect(error?.path.hasSuffix("images/a.jpg") == true && error?.exitCode == 65)
        let advice =
            "; 1 more of 2 files cannot be used either; mend or remove them, or name the others alone with --data"
        #expect(error?.detail.hasSuffix(advice) == true, "\(String(describing: error))")
    }
}
