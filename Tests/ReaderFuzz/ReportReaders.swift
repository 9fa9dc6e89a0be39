import Foundation
import Reports

extension Reader {
    /// What a report is made of: whatever the files say, there is a page of a limited size.
    static let ofReports = [
        report("metrics.jsonl", metrics), report("report.json", record),
        report("compare.json", comparison, codes: [65, 74]),
        report("config.yaml", "# ranks: 2\nmethod:\n  name: bss\n"),
        report(
            "model.json",
            "{\"method\":\"bss\",\"metrics\":{\"test\":{\"accuracy\":0.5,\"count\":10,\"loss\":null}}}"),
    ]

    private static func report(_ name: String, _ text: String, codes: Set<Int32> = [65]) -> Reader {
        Reader(
            name: "report-\(name.prefix { $0 != "." })", fileName: name, codes: codes, isText: true,
            corpus: { [Array(text.utf8)] },
            read: { path in
                let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
                let page = try RunReport(folders: [folder]).html()
                precondition(page.count <= 5_000_000, "a page of \(page.count) bytes")
            })
    }

    private static let metrics = """
        {"event":"step","step":1,"epoch":0,"loss":1.5,"classification-loss":1,"penalty":0.5,"accuracy":0.5,"learning-rate":0.1,"images-per-second":9,"seconds":{"data":0.1,"forward":0.2,"backward":0.3,"communication":0.1,"optimizer":0.1}}
        {"event":"evaluation","split":"validation","step":1,"accuracy":0.5,"mean-class-accuracy":0.5,"loss":1,"count":4}
        {"event":"distances","step":1,"layers":[{"name":"a","distance":1,"relative":null}]}
        {"event":"spectrum","step":1,"singular-values":[3,2,0.1]}
        {"event":"notice","step":1,"text":"checkpoint of step 1 failed: no \\"space\\""}
        {"event":"finished","best-step":1,"accuracy":0.5,"seconds":1}

        """

    private static let record = """
        {"method":"delta","split":"test","samples":4,"classes":["a","b"],"confusion":[[0,0,2],[0,1,1],[1,1,1]],
        "calibration":[{"low":0.5,"high":0.6,"count":4,"confidence":0.55,"accuracy":0.5}],"expected-calibration-error":0.05,
        "pictures":[{"sample":"x.png","label":0,"prediction":1,"probability":0.9,"label-probability":0.1,"thumbnail":"/9j/4AAQ"}],
        "worst":[0],"best":[0],"confused":[{"truth":0,"prediction":1,"count":1,"pictures":[0]}],"suspect-labels":[0],
        "features":[[0.5,-1,0],[2,3,1]],"queues":{"features":[[1,2,0]],"projections":[[1,2,1]]},
        "attention":[{"tap":"layer1","weights":[0.6,0.4],"pictures":[{"picture":0,"heat":[[0,1],[0.5,0.2]]}]}]}
        """

    private static let comparison = """
        {"baseline":"fine-tune","margin":0.005,"comparisons":1,"seeds":[0,1],"test-pictures":4,"test-groups":4,"all-pairs":true,
        "methods":[{"method":"bss","setting":"","seeds":2,"test_mean":0.5,"delta":0.1,"ci_low":-0.1,"ci_high":0.3,"p_holm":0.4,"verdict":"few"}],
        "pairs":[{"first":"bss","second":"fine-tune","delta":0.1,"ci_low":-0.1,"ci_high":0.3,"verdict":"few"}],"warnings":["2 seeds"]}
        """
}
