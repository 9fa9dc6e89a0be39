internal import ModelFiles
internal import Training

extension RunConfiguration {
    /// What TensorBoard shows beside the numbers of a run: every value but the seed and the folder, by which runs of one
    /// setting differ.
    var eventSession: EventSession {
        var setting = self
        (setting.training.seed, setting.output) = (0, "")
        let digest = SHA256.digest(of: setting.yaml().utf8).description.prefix(8)
        let values = values.filter { !["training.seed", "output"].contains($0.path) }
        return EventSession(
            settings: Dictionary(uniqueKeysWithValues: values.map { ($0.path, $0.value.eventSetting) }),
            group: "\(method.name.rawValue) \(network.name.rawValue) \(digest)", configuration: yaml())
    }
}

extension YAMLValue {
    fileprivate var eventSetting: EventSession.Setting {
        switch self {
        case .boolean(let value): .flag(value)
        case .integer(let value): .number(Double(value))
        case .number(let value): .number(value)
        case .text(let value): .text(value)
        case .null, .list, .mapping: .text(inline)
        }
    }
}
