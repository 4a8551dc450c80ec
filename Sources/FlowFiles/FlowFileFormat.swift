/// The formats of files that hold flows rather than what was on a wire.
public enum FlowFileFormat: String, Sendable, CaseIterable {
    /// What nfcapd, nfpcapd, sfcapd and `nfdump -w` write, layouts 1 (1.6) and 2 (1.7).
    case nfdump
    /// What flow-capture and flow-cat of flow-tools write.
    case flowTools = "flow-tools"
    /// Lines of cells.
    case csv

    /// Which of them a file with a magic number is; nil for all others, CSV among them.
    public static func detect(_ first: RawSpan) -> FlowFileFormat? {
        guard first.byteCount >= 4 else { return nil }
        switch (first.octet(at: 0), first.octet(at: 1)) {
        case (0x0c, 0xa5), (0xa5, 0x0c): return .nfdump
        case (0xcf, 0x10): return .flowTools
        default: return nil
        }
    }
}
