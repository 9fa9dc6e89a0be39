internal import Foundation
internal import Reports
internal import Training

extension EventFile {
    /// Writes the wrong predictions of which the model was surest, and the right ones: TensorBoard shows them beside the
    /// curves.
    func writePictures(of record: ReportRecord) {
        for (tag, places) in [("pictures/worst", record.worst), ("pictures/best", record.best)] {
            let files = (places ?? []).compactMap { place -> [UInt8]? in
                guard let text = record.pictures?[place].thumbnail else { return nil }
                return Data(base64Encoded: text).map { Array($0) }
            }
            write(files, as: tag, side: ReportRecord.Limits.thumbnailSide)
        }
    }
}
