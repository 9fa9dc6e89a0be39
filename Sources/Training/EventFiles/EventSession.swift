/// What was set for a run, as TensorBoard's table of hyper-parameters shows it.
public struct EventSession: Sendable, Equatable {
    /// A value of the configuration.
    public enum Setting: Sendable, Equatable {
        /// A number.
        case number(Double)
        /// A name, a path or a list.
        case text(String)
        /// Yes or no.
        case flag(Bool)
    }

    /// Values by their keys, `optimizer.learning-rate` for example.
    public let settings: [String: Setting]
    /// The same for runs that differ in nothing but their seed: TensorBoard averages them.
    public let group: String
    /// The configuration, for people to read.
    public let configuration: String

    /// What was set.
    public init(settings: [String: Setting], group: String, configuration: String) {
        (self.settings, self.group, self.configuration) = (settings, group, configuration)
    }
}
