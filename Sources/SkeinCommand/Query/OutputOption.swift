public import ArgumentParser
public import FlowQuery

// The names that `--output` and `--order` take are the raw values.
extension OutputFormat: ExpressibleByArgument {}
extension GroupOrder: ExpressibleByArgument {}
