extension Duration {
    /// Whole ms, at most what fits.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        let (whole, overflow) = Int(clamping: seconds).multipliedReportingOverflow(by: 1000)
        return overflow ? .max / 2 : whole + Int(clamping: attoseconds / 1_000_000_000_000_000)
    }
}
