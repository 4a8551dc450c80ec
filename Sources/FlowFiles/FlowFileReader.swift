public import FlowModel

/// Reads one file of flows piece by piece and hands its flows on as rows.
public protocol FlowFileReader: AnyObject {
    /// What was found so far.
    var counters: FlowFileCounters { get }
    /// The sampling rates that the file announces.
    var rates: [SamplingRate] { get }

    /// Reads as far as whole pieces go and answers how many octets that were.
    ///
    /// - Parameter bytes: what of the file was not consumed yet.
    func feed(_ bytes: RawSpan) throws -> Int

    /// Ends the file, of which `rest` were not consumed.
    func finish(rest: RawSpan) throws
}
