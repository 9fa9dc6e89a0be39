extension PhotographListing {
    /// Reads a folder of class folders: the photographs of a class lie in a folder of its name, or in folders below
    /// that one. Classes are numbered in the order of their names by bytes, as torchvision does.
    ///
    /// Files and folders whose name begins with a dot are left out, as are files beside the class folders.
    ///
    /// - Throws: `DataError` where there is no class folder, a class folder is empty, or one cannot be read.
    package init(classFolders root: String) throws(DataError) {
        let (names, hidden) = try FolderContents.names(in: root)
        let classNames = names.filter { RegularFile.isDirectory(root + "/" + $0) }
        guard !classNames.isEmpty else {
            throw DataError(
                .unsupported, path: root,
                names.isEmpty
                    ? "is an empty folder; expected a folder for each class, with its images"
                    : "holds \(names.count) files and no folder; expected a folder for each class, with its images"
            )
        }
        var (entries, hiddenCount) = ([Entry](), hidden)
        for (label, name) in classNames.enumerated() {
            let contents = try FolderContents(below: root + "/" + name)
            hiddenCount += contents.hiddenCount
            guard !contents.files.isEmpty else {
                throw DataError(
                    .selection, path: root + "/" + name,
                    "is the folder of a class and holds no file; remove it, or list the classes to use in "
                        + "data.classes")
            }
            entries += contents.files.map { Entry(path: name + "/" + $0, label: label) }
        }
        var notes: [String] = []
        if hiddenCount > 0 {
            notes.append("\(root): left out \(hiddenCount) files and folders that begin with a dot")
        }
        let beside = names.count - classNames.count
        if beside > 0 { notes.append("\(root): left out \(beside) files beside the class folders") }
        self.init(
            root: root, entries: entries, classNames: classNames, hasNamedClasses: true, notes: notes)
    }
}
