/// The name among `candidates` that `name` was probably meant to be; nil if none is near.
///
/// Near means at most two edits, or a third of the letters of a long name; nothing is near a name of more than
/// 200 bytes. The first of equals wins.
package func nearestName(to name: String, among candidates: [String]) -> String? {
    guard name.utf8.count <= 200 else { return nil }
    let allowed = min(max(2, name.count / 3), name.count - 1)
    let nearest = candidates.map { (name: $0, edits: editDistance(name, $0)) }.min { $0.edits < $1.edits }
    guard let nearest, nearest.edits <= allowed else { return nil }
    return nearest.name
}

/// The number of letters to insert, delete or replace to turn `first` into `second`.
///
/// Source: Levenshtein, Soviet Physics Doklady 1966; two rows of the table of Wagner and Fischer, 1974.
package func editDistance(_ first: String, _ second: String) -> Int {
    let columns = Array(second)
    var previous = Array(0...columns.count)
    for (row, letter) in first.enumerated() {
        var current = [row + 1]
        for (column, other) in columns.enumerated() {
            let replaced = previous[column] + (letter == other ? 0 : 1)
            current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
        }
        previous = current
    }
    return previous[columns.count]
}
