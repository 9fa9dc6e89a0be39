internal import Foundation
import Reports
import TestSupport
import Testing

/// Folders with something missing, something damaged or very much in them, and several folders.
@Suite struct ReportFolderTests {
    private let fixture: RunFixture

    init() throws { fixture = try RunFixture() }

    /// Whatever is missing, there is a page; it says what one would look for.
    @Test(arguments: [
        ("config.yaml", "There is no metrics.jsonl"), ("metrics.jsonl", "No predictions were recorded"),
        ("model.json", "No steps were logged"), ("report.json", "There is no metrics.jsonl"),
    ])
    func oneFileIsEnough(name: String, words: String) throws {
        try fixture.makeRun("whole")
        try fixture.folder.write(contents(fixture.path("whole/\(name)")), as: "run/\(name)")
        let outline = try PageOutline(try fixture.page("run"))
        #expect(outline.texts("body")[0].contains(words))
    }

    /// Damaged files are left out, and said.
    @Test(arguments: ["model.json", "report.json", "relationship.safetensors", "attention.safetensors"])
    func aDamagedFileIsLeftOut(name: String) throws {
        try fixture.makeRun("run")
        try fixture.write("{\"method\": <b>", "run/\(name)")
        if name == "attention.safetensors" {
            try FileManager.default.removeItem(atPath: fixture.path("run/report.json"))
        }
        let outline = try PageOutline(try fixture.page("run"))
        #expect(outline.texts("li").contains { $0.hasPrefix("\(name) is left out: ") })
    }

    /// A name that is no file is not waited for.
    @Test func aPipeIsNotRead() throws {
        try fixture.makeRun("run")
        for name in ["metrics.jsonl", "model.json"] {
            try FileManager.default.removeItem(atPath: fixture.path("run/\(name)"))
            try #require(mkfifo(fixture.path("run/\(name)"), 0o600) == 0)
        }
        let lines = try PageOutline(try fixture.page("run")).texts("li")
        #expect(lines.contains("metrics.jsonl is not a file that a run wrote, and is left out."))
        #expect(lines.contains("model.json is not a file that a run wrote, and is left out."))
    }

    /// Losses that are not finite leave gaps; lines that are nothing are counted; the last one is cut off.
    @Test func aLogMayHaveGapsAndATornEnd() throws {
        let lines = RunFixture.log(steps: 30, finishes: false).split(separator: "\n").map(String.init)
        let broken = lines.enumerated().map { place, line in
            place == 4 ? line.replacing(/"loss":[0-9.]+/, with: "\"loss\":null") : line
        }
        let long = String(repeating: "x", count: 3 << 20)
        try fixture.write(
            (["not json", "{\"event\":\"step\"}", "", "[1]", "{\"event\":\"step\",\"step\":1e300}", long]
                + broken).joined(separator: "\r\n") + "\n{\"event\":\"step\",\"st", "run/metrics.jsonl")
        let outline = try PageOutline(try fixture.page("run"))
        let warnings = outline.texts("li")
        #expect(warnings.contains("5 lines of metrics.jsonl are not events of a run, and are left out."))
        #expect(warnings.contains("The last line of metrics.jsonl is cut off."))
        #expect(warnings.contains { $0.hasPrefix("The log has no end") })
        #expect(warnings.contains("In 1 of 30 steps the loss is not a number."))
        // The objective is drawn in two pieces.
        let path = try #require(
            outline.all("path").first {
                $0.attributes["class"] == "l s0" && $0.attributes["d"]?.contains("L") == true
            })
        #expect(path.attributes["d"]?.filter { $0 == "M" }.count == 2)
    }

    /// The first notices of the log are warnings, each once; what several runs say stands there once, too.
    @Test func noticesAreWarnings() throws {
        func notice(_ step: Int, _ text: String) -> String {
            "{\"event\":\"notice\",\"step\":\(step),\"text\":\"\(text)\"}"
        }
        let lines =
            [
                notice(0, "<b>few</b> images"), notice(7, "the disk is full"),
                notice(9, "<b>few</b> images"), "{\"event\":\"notice\",\"step\":9}",
            ] + (0..<22).map { notice(10, "number \($0)") }
        let log = RunFixture.log(steps: 3) + lines.joined(separator: "\n") + "\n"
        for name in ["run", "other"] { try fixture.write(log, "\(name)/metrics.jsonl") }
        let warnings = try PageOutline(try fixture.page("run")).texts("li")
        #expect(warnings.filter { $0.contains("few") } == ["<b>few</b> images"])
        #expect(warnings.contains("After step 7: the disk is full"))
        #expect(warnings.contains("After step 10: number 17"))
        #expect(!warnings.contains("After step 10: number 18"))
        #expect(warnings.contains("4 more notices are in metrics.jsonl."))
        #expect(warnings.contains("1 line of metrics.jsonl is not an event of a run, and is left out."))
        let both = try PageOutline(try fixture.page("run", "other")).texts("li")
        #expect(both.filter { $0.contains("the disk") } == ["all runs: After step 7: the disk is full"])
    }

    /// Source classes of a model that Ballast wrote have names.
    @Test func sourceClassesAreNamedWhereTheirNamesAreKnown() throws {
        try fixture.makeRun("run")
        try fixture.writeRelationship("run", classes: ["a", "b"])
        #expect(
            try PageOutline(try fixture.page("run")).texts("th").contains("source classes, by their numbers"))
        try fixture.writeRelationship(
            "run", classes: ["a", "b"], sourceNames: (0..<10).map { "<i>lynx</i> \($0)" })
        let outline = try PageOutline(try fixture.page("run"))
        #expect(outline.texts("th").contains("source classes"))
        #expect(
            outline.texts("td").contains {
                $0.hasPrefix("<i>lynx</i> 1 (55.0 %), <i>lynx</i> 0 (5.0 %), <i>lynx</i> 2 (5.0 %)")
            })
    }

    /// However many steps there are, a curve has a thousand points at most, and the page stays small.
    @Test func longRunsHaveShortCurves() throws {
        try fixture.write(RunFixture.log(steps: 5000), "run/metrics.jsonl")
        let page = try fixture.page("run")
        let lines = try PageOutline(page).all("path").filter {
            $0.attributes["class"]?.hasPrefix("l ") == true
        }
        let counts = lines.map { $0.attributes["d"]?.filter { $0 == "L" || $0 == "M" }.count ?? 0 }
        #expect((counts.max() ?? 0) <= 1000 && (counts.max() ?? 0) > 200)
        #expect(page.utf8.count < 500_000)
    }

    /// A thousand classes, every confusion that a record can hold and pictures of the largest size.
    @Test func aPageIsSmallAtAnyNumberOfClasses() throws {
        let classes = (0..<1000).map { "<class & \($0)> " + String(repeating: "\u{202E}", count: 40) }
        var record = RunFixture.record(classes: classes, pictures: 120)
        record.confusion = (0..<60_000).map {
            ReportRecord.ConfusionCount(truth: $0 / 60, prediction: $0 % 60 * 16, count: 1 + $0 % 7)
        }
        let jpeg = try #require(Data(base64Encoded: RunFixture.thumbnail))
        let large = (jpeg + Data(repeating: 0x55, count: 18_000)).base64EncodedString()
        record.pictures = record.pictures?.map { picture in
            var picture = picture
            picture.thumbnail = large
            return picture
        }
        record.worst = Array(0..<24)
        record.best = Array(24..<36)
        record.suspectLabels = Array(36..<60)
        record.confused = (0..<12).map { pair in
            ReportRecord.ConfusedPair(
                truth: pair, prediction: pair + 1, count: 9, pictures: (0..<4).map { 60 + 4 * pair + $0 })
        }
        let bytes = Array(try JSONEncoder().encode(record))
        for name in ["a", "b"] {
            try fixture.folder.write(bytes, as: "\(name)/report.json")
            try fixture.write(RunFixture.log(steps: 30), "\(name)/metrics.jsonl")
        }
        let page = try fixture.page("a", "b")
        #expect(page.utf8.count <= 5_000_000)
        let outline = try PageOutline(page)
        #expect(outline.texts("p").contains { $0.hasPrefix("With 1000 classes not all counts are written") })
        #expect(outline.all("image").count > 0)
    }

    /// All counts of a hundred classes can be read.
    @Test func theMatrixOfAHundredClassesIsThere() throws {
        try fixture.makeRun("run", classes: (0..<100).map { "class-\($0)" })
        let outline = try PageOutline(try fixture.page("run"))
        let matrix = try #require(outline.all("table").first { $0.attributes["class"] == "matrix" })
        #expect(matrix.children == ["caption", "thead", "tbody"])
        #expect(outline.all("td").filter { $0.attributes["class"]?.hasSuffix(" d") == true }.count == 100)
        #expect(outline.texts("caption").contains("The 30 confusions that happened most often"))
    }

    /// Runs that differ by their seed are one line with a band; another method is a line of its own.
    @Test func seedsMakeABand() throws {
        for seed in 0..<3 { try fixture.makeRun("delta-\(seed)", seed: seed) }
        try fixture.write(
            RunFixture.configuration(method: "bss", seed: 0, output: "x"), "bss/config.yaml")
        try fixture.write(RunFixture.log(steps: 20), "bss/metrics.jsonl")
        let outline = try PageOutline(try fixture.page("delta-0", "delta-1", "delta-2", "bss"))
        let legend = try #require(outline.all("ul").first { $0.attributes["class"] == "legend" })
        #expect(legend.text == "delta (3 seeds)bss")
        #expect(outline.all("path").contains { $0.attributes["class"] == "band f0" })
        #expect(!outline.all("path").contains { $0.attributes["class"] == "band f1" })
        #expect(outline.texts("h1") == ["4 runs"])
        #expect(outline.texts("caption").contains("Settings that differ"))
        // Of three losses that lie 0.01 apart the mean is the one in the middle.
        let table = try #require(
            outline.texts("table").first { $0.hasPrefix("stepdelta (3 seeds)bss") && $0.contains("2.01") })
        #expect(table.hasPrefix("stepdelta (3 seeds)bss12.012"), "\(table.prefix(80))")
    }

    /// What `compare` found stands at the head.
    @Test func aComparisonStandsAtTheHead() throws {
        try fixture.makeRun("all/runs/bss/seed-0")
        try fixture.makeRun("all/runs/bss/seed-1", seed: 1)
        try fixture.write(
            """
            {"all-pairs":true,"baseline":"fine-tune","comparisons":1,"format":1,"looks":[2],"margin":0.005,
            "methods":[{"method":"fine-tune","setting":"","status":"baseline","seeds":2,"test_mean":0.8,"test_sd":0.01,"verdict":"the others are compared with it","epochs":3,"seconds":12.5,"peak_memory":123456789},
            {"method":"bss","setting":"k=<2>","status":"compared","seeds":2,"test_mean":0.9,"test_sd":0.02,"delta":0.1,"ci_low":0.05,"ci_high":0.15,"p":0.01,"p_holm":0.01,"seed_share":0.5,"detectable":0.03,"verdict":"A beats B by <i>","epochs":3,"seconds":13.5,"peak_memory":1}],
            "pairs":[{"first":"bss","second":"fine-tune","delta":0.1,"ci_low":0.05,"ci_high":0.15,"p":0.01,"p_holm":0.01,"verdict":"v"}],
            "ranks":[1],"runs":[{"right":"0101"}],"seeds":[0,1],"selection-seeds":[],"test-groups":4,"test-pictures":4,"test-samples":"x","warnings":["2 seeds are <few>"]}
            """, "all/compare.json")
        let outline = try PageOutline(try fixture.page("all"))
        #expect(outline.texts("h1") == ["all"])
        #expect(outline.texts("td").contains("A beats B by <i>"))
        #expect(outline.texts("li").contains("2 seeds are <few>"))
        #expect(outline.texts("figcaption").first?.hasPrefix("Differences from fine-tune") == true)
        #expect(outline.texts("caption").contains("Accuracy, test split, over seeds"))
        try RunReport.write(folder: fixture.path("all"))
        #expect(try fixture.folder.text(of: "all/report.html") == fixture.page("all"))
    }

    /// Runs by which settings were chosen, which may have been stopped early, are in no mean of the table's.
    @Test func runsThatChoseSettingsAreApart() throws {
        for seed in [9, 10, 1_000_009, 1_000_010] {
            try fixture.makeRun("all/runs/delta_k=2/seed-\(seed)", seed: seed)
        }
        try fixture.write(
            """
            {"baseline":"fine-tune","margin":0.005,"methods":[{"method":"fine-tune"}],"seeds":[9,10],"selection-seeds":[1000009,1000010]}
            """, "all/compare.json")
        let outline = try PageOutline(try fixture.page("all"))
        let means = try #require(
            outline.texts("table").first { $0.hasPrefix("Accuracy, test split, over seeds") })
        #expect(means.contains("delta_k=22") && means.contains("delta_k=2, to choose settings2"), "\(means)")
        let runs = outline.texts("th").filter { $0.hasPrefix("delta_k=2/seed-") }.prefix(4)
        #expect(runs.map { $0.dropFirst(15) } == ["9", "10", "1000009", "1000010"])
        #expect(outline.texts("summary").contains("Configuration of delta_k=2/seed-9"))
        #expect(outline.texts("p").contains { $0.contains("Differences up to 0.5 points do not matter") })
    }

    /// What no report can be made of is an error that says so.
    @Test func otherFoldersAreRefused() throws {
        try fixture.write("x", "other/file")
        for (name, code, words) in [
            ("missing", Int32(74), "missing: cannot be read: No such file"),
            ("other", 65, "other: is not the folder of a run"), ("other/file", 65, "file: is not a folder"),
        ] {
            let error = #expect(throws: ReportError.self) { try RunReport(folders: [fixture.path(name)]) }
            #expect(error?.exitCode == code && error?.description.contains(words) == true, "\(name)")
        }
        try fixture.makeRun("run")
        let twice = #expect(throws: ReportError.self) {
            try RunReport(folders: [fixture.path("run"), fixture.path("other/../run/")])
        }
        #expect(twice?.exitCode == 64 && twice?.description.contains("run/: is given twice") == true)
        try fixture.write("{", "broken/compare.json")
        let error = #expect(throws: ReportError.self) { try RunReport(folders: [fixture.path("broken")]) }
        #expect(error?.exitCode == 65)
    }
}
