import Foundation
import Runs
import Testing

/// The three tables of a comparison, from given outcomes.
@Suite struct ComparisonSummaryTests {
    /// What a method gets right, by a rule that a few lines of Python follow as well; the numbers below are theirs, with
    /// scipy's distributions.
    private static func right(_ method: String, _ seed: Int, _ picture: Int) -> Double {
        let factor = method == "l2-sp" ? 11 : 7
        let draw = (seed * factor + picture * 13 + seed * picture % 5) % 20
        let limit =
            switch method {
            case "linear-probe": 12
            case "bss": 14 + seed % 3
            case "l2-sp": seed == 2 ? 14 : 11
            default: 11
            }
        return draw < limit ? 1 : 0
    }

    private static func runs(
        _ method: String, seeds: Range<Int>, epochs: Int = 3
    ) -> [ComparisonOutcomes.Run] {
        seeds.map { seed in
            ComparisonOutcomes.Run(
                seed: UInt64(seed), validation: 0.5 + Double(seed) / 100,
                right: (0..<40).map { right(method, seed, $0) }, epochs: epochs, seconds: 2.5,
                trainedParameters: 1000, peakMemoryBytes: 3 << 20)
        }
    }

    private static func summary(
        _ entries: [ComparisonOutcomes.Entry], seeds: Int, allPairs: Bool = false, looks: [Int]? = nil,
        units: [Int] = Array(0..<40), leftOut: String? = nil
    ) -> ComparisonSummary {
        ComparisonSummary(
            ComparisonOutcomes(
                entries: entries, baseline: "fine-tune", margin: 0.005, comparesAllPairs: allPairs,
                seeds: (0..<UInt64(seeds)).map { $0 },
                selectionSeeds: entries.contains { !$0.isChosen } ? [1_000_000] : [],
                looks: looks ?? [seeds], units: units, testSamples: "abc", ranks: [2], leftOut: leftOut))
    }

    private static let five: ComparisonSummary = {
        let methods = ["linear-probe", "fine-tune", "bss", "l2-sp"]
        let entries = methods.map {
            ComparisonOutcomes.Entry(
                method: $0, setting: $0 == "bss" ? ["method.trade-off=0.1"] : [],
                runs: runs($0, seeds: 0..<5, epochs: $0 == "linear-probe" ? 0 : 3))
        }
        let other = ComparisonOutcomes.Entry(
            method: "bss", setting: ["method.trade-off=0.2"], isChosen: false,
            runs: [
                ComparisonOutcomes.Run(
                    seed: 1_000_000, divergence: "the loss at step 3 is not a number", validation: nil,
                    right: nil, epochs: 3, seconds: 1, trainedParameters: nil, peakMemoryBytes: 1024)
            ])
        return summary(entries + [other], seeds: 5)
    }()

    /// Nothing is chosen where a method has one setting; and one seed is none of several.
    @Test func oneSettingIsComparedAndNotConfirmed() {
        let entries = ["linear-probe", "fine-tune", "bss"].map {
            ComparisonOutcomes.Entry(
                method: $0, setting: $0 == "bss" ? ["method.trade-off=0.1"] : [],
                runs: Self.runs($0, seeds: 0..<1))
        }
        let summary = Self.summary(entries, seeds: 1)
        #expect(summary.csv.contains("\nbss,method.trade-off=0.1,compared,1,"), "\(summary.csv)")
        #expect(summary.markdown.contains("- 1 seed: too few for any verdict; compare with 5"))
    }

    @Test func theTableAsCommaSeparatedValues() {
        #expect(
            Self.five.csv == """
                method,setting,status,seeds,val_mean,test_mean,test_sd,delta,ci_low,ci_high,p,p_holm,seed_share,detectable,verdict,epochs,seconds,trained_parameters,peak_memory
                linear-probe,,compared,5,0.52,0.58,0.0447214,0.04,0.010932,0.069068,0.0136866,0.0273732,0.378641,0.0490279,linear-probe beats fine-tune by 4.0 (1.1 to 6.9),0,2.5,1000,3145728
                fine-tune,,baseline,5,0.52,0.54,0.0223607,,,,,,,,the others are compared with it,3,2.5,1000,3145728
                bss,method.trade-off=0.1,confirmed,5,0.52,0.73,0.0273861,0.19,0.140442,0.239558,0.000103536,0.000310607,0.432647,0.0838063,bss beats fine-tune by 19.0 (14.0 to 24.0),3,2.5,1000,3145728
                l2-sp,,compared,5,0.52,0.59,0.0894427,0.05,-0.0747119,0.174712,0.356561,0.356561,0.654362,0.212962,no difference beyond chance; plausible -7.5 to 17.5; detectable from 21.3; add seeds,3,2.5,1000,3145728
                bss,method.trade-off=0.2,"not chosen, 1 of 1 diverged",1,,,,,,,,,,,not compared: another setting was chosen,3,1.0,,1024

                """)
    }

    @Test func theTableForPeople() {
        #expect(
            Self.five.markdown == """
                # Comparison of 4 methods

                5 seeds (0, 1, 2, 3, 4), 40 test pictures, 2 ranks a run. Accuracies and differences in points of a hundred; differences from fine-tune with intervals of 95 %; p-values after Holm for 3 comparisons with fine-tune; differences up to 0.5 do not matter.

                Settings were chosen by the validation split with other seeds (1000000) and confirmed with these.

                | method | setting | status | seeds | validation | test | sd | difference | p (Holm) | seeds' share | verdict | epochs | seconds | trained | memory |
                | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
                | linear-probe |  | compared | 5 | 52.0 | 58.0 | 4.5 | +4.0 (1.1 to 6.9) | 0.027 | 38 % | linear-probe beats fine-tune by 4.0 (1.1 to 6.9) | 0 | 2.5 | 1000 | 3 MiB |
                | fine-tune |  | baseline | 5 | 52.0 | 54.0 | 2.2 |  |  |  | the others are compared with it | 3 | 2.5 | 1000 | 3 MiB |
                | bss | method.trade-off=0.1 | confirmed | 5 | 52.0 | 73.0 | 2.7 | +19.0 (14.0 to 24.0) | 0.00031 | 43 % | bss beats fine-tune by 19.0 (14.0 to 24.0) | 3 | 2.5 | 1000 | 3 MiB |
                | l2-sp |  | compared | 5 | 52.0 | 59.0 | 8.9 | +5.0 (-7.5 to 17.5) | 0.36 | 65 % | no difference beyond chance; plausible -7.5 to 17.5; detectable from 21.3; add seeds | 3 | 2.5 | 1000 | 3 MiB |
                | bss | method.trade-off=0.2 | not chosen, 1 of 1 diverged | 1 |  |  |  |  |  |  | not compared: another setting was chosen | 3 | 1.0 |  | 1 KiB |

                ## Warnings

                - bss method.trade-off=0.2, seed 1000000, diverged and counts as it is: the loss at step 3 is not a number

                """)
    }

    @Test func theTableForPrograms() throws {
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(Self.five.json().utf8)) as? [String: Any])
        #expect(object["comparisons"] as? Int == 3 && object["test-pictures"] as? Int == 40)
        #expect(
            object["test-samples"] as? String == "abc" && object["selection-seeds"] as? [Int] == [1_000_000])
        let methods = try #require(object["methods"] as? [[String: Any]])
        #expect(
            methods.map { $0["method"] as? String } == ["linear-probe", "fine-tune", "bss", "l2-sp", "bss"])
        #expect(methods[1]["delta"] == nil && methods[4]["test_mean"] == nil)
        let p = try #require(methods[2]["p_holm"] as? Double)
        #expect(abs(p - 0.000310607) < 1e-9)
        #expect(methods[2]["verdict"] as? String == "bss beats fine-tune by 19.0 (14.0 to 24.0)")
        let runs = try #require(object["runs"] as? [[String: Any]])
        #expect(runs.count == 21 && runs[20]["purpose"] as? String == "selection")
        #expect((runs[0]["right"] as? String)?.count == 40)
        #expect((object["warnings"] as? [String])?.count == 1)
        #expect((object["pairs"] as? [[String: Any]])?.count == 3)
    }

    /// A run without a model got nothing right, and stays in the table.
    @Test func aRunThatDivergedCounts() {
        let nothing = ComparisonOutcomes.Run(
            seed: 2, divergence: "the loss |\u{301} is <b>not</b> a_number & more", validation: nil,
            right: [Double](repeating: 0, count: 40), epochs: 3, seconds: 1, trainedParameters: nil,
            peakMemoryBytes: 1)
        let entries = [
            ComparisonOutcomes.Entry(method: "fine-tune", runs: Self.runs("fine-tune", seeds: 0..<3)),
            ComparisonOutcomes.Entry(method: "bss", runs: Self.runs("bss", seeds: 0..<2) + [nothing]),
        ]
        let summary = Self.summary(entries, seeds: 3)
        let lines = summary.csv.split(separator: "\n")
        // 0.7, 0.75 and 0 of the test split; 0.5, 0.51 and 0 of the other.
        #expect(lines[2].hasPrefix("bss,,\"compared, 1 of 3 diverged\",3,0.336667,0.483333,"), "\(lines[2])")
        #expect(
            lines[2].contains("; few seeds; 1 of 3 runs of bss diverged: see the warnings"), "\(lines[2])")
        // A baseline that did not train is no measure.
        let other = ComparisonOutcomes.Entry(method: "l2-sp", runs: Self.runs("l2-sp", seeds: 0..<3))
        let failed = ComparisonOutcomes.Entry(
            method: "fine-tune", runs: Self.runs("fine-tune", seeds: 0..<2) + [nothing])
        #expect(
            Self.summary([other, failed], seeds: 3, allPairs: true).markdown.components(
                separatedBy: "; few seeds; 1 of 3 runs of fine-tune diverged: see the warnings"
            ).count == 3)
        // A mark on a bar does not hide that it ends a cell.
        #expect(
            summary.markdown.contains(
                "the loss \\|\u{301} is &lt;b\\>not&lt;/b\\> a\\_number &amp; more"))
        #expect(summary.markdown.contains("3 seeds are few"))
    }

    /// Two seeds: differences, and no word on what they mean.
    @Test func withTwoSeedsNothingIsSaid() {
        let entries = ["fine-tune", "bss"].map {
            ComparisonOutcomes.Entry(method: $0, runs: Self.runs($0, seeds: 0..<2))
        }
        let lines = Self.summary(entries, seeds: 2).csv.split(separator: "\n")
        #expect(lines[2] == "bss,,compared,2,0.505,0.725,0.0353553,0.175,,,,,,,few seeds,3,2.5,1000,3145728")
        #expect(
            Self.summary(entries, seeds: 2, leftOut: "left out 3 images").markdown.hasSuffix(
                "- left out 3 images\n- 2 seeds: too few for any verdict; compare with 5\n"))
    }

    /// Comparisons that are made, and looks that are planned, all count.
    @Test func pairsAndLooksCount() throws {
        let entries = ["linear-probe", "fine-tune", "bss", "l2-sp"].map {
            ComparisonOutcomes.Entry(method: $0, runs: Self.runs($0, seeds: 0..<5))
        }
        let pairs = Self.summary(entries, seeds: 5, allPairs: true)
        #expect(pairs.comparisonCount == 6)
        #expect(pairs.markdown.contains("for 6 comparisons with each other; "))
        #expect(pairs.markdown.contains("## Each pair\n\n| first | second | difference |"))
        #expect(pairs.markdown.contains("| linear-probe | bss | -15.0 ("))
        let looks = Self.summary(entries, seeds: 5, looks: [5, 10])
        #expect(looks.comparisonCount == 6)
        #expect(looks.markdown.contains("for 6 comparisons with fine-tune at 2 looks, with 5, 10 seeds; "))
    }

    /// Pictures of one patient are one unit: the mean of each counts.
    @Test func picturesOfAGroupAreOne() {
        let entries = ["fine-tune", "bss"].map {
            ComparisonOutcomes.Entry(method: $0, runs: Self.runs($0, seeds: 0..<3))
        }
        let single = Self.summary(entries, seeds: 3)
        let grouped = Self.summary(entries, seeds: 3, units: (0..<40).map { $0 / 4 })
        #expect(grouped.markdown.contains("40 test pictures of 10 groups"))
        #expect(grouped.csv != single.csv)
    }
}
