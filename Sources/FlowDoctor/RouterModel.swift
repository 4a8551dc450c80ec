/// A kind of router or probe, for what to type on it.
public enum RouterModel: String, Sendable, CaseIterable {
    /// Cisco IOS with the classic `ip flow-export`.
    case ciscoIOS = "cisco-ios"
    /// Cisco IOS XE and IOS with Flexible NetFlow.
    case ciscoIOSXE = "cisco-ios-xe"
    /// Cisco IOS XR.
    case ciscoIOSXR = "cisco-ios-xr"
    /// Juniper Junos with inline flow monitoring.
    case juniper
    /// MikroTik RouterOS.
    case mikrotik
    /// Fortinet FortiGate.
    case fortigate
    /// pfSense, by its softflowd package.
    case pfsense
    /// OPNsense.
    case opnsense
    /// Linux with softflowd.
    case softflowd
    /// Linux with hsflowd, sFlow.
    case hsflowd

    /// Its name as people write it.
    public var title: String {
        switch self {
        case .ciscoIOS: "Cisco IOS (ip flow-export)"
        case .ciscoIOSXE: "Cisco IOS XE, Flexible NetFlow"
        case .ciscoIOSXR: "Cisco IOS XR"
        case .juniper: "Juniper Junos"
        case .mikrotik: "MikroTik RouterOS"
        case .fortigate: "Fortinet FortiGate"
        case .pfsense: "pfSense (softflowd package)"
        case .opnsense: "OPNsense"
        case .softflowd: "Linux, softflowd"
        case .hsflowd: "Linux, hsflowd"
        }
    }

    /// Guesses by the enterprises in an exporter's templates (IANA, Private Enterprise Numbers); nil
    /// where they say nothing.
    public init?(enterprises: [UInt32]) {
        if enterprises.contains(2636) {
            self = .juniper
        } else if enterprises.contains(12356) {
            self = .fortigate
        } else if enterprises.contains(14988) {
            self = .mikrotik
        } else if enterprises.contains(9) {
            self = .ciscoIOSXE
        } else {
            return nil
        }
    }

    /// What to type on it against a finding; nil where there is nothing to type.
    ///
    /// - Parameter collector: what stands for this machine's address in the commands.
    public func commands(for kind: Finding.Kind, collector: String) -> String? {
        switch kind {
        case .templateMissing, .templateAge: templateRefresh
        case .samplingUnknown: samplerTable
        case .clock, .flowTimes: clock
        case .silent: export(to: collector)
        case .oldProtocol: self == .hsflowd ? nil : export(to: collector)
        case .loss, .reordering, .restarts, .templateInvalid, .undecoded: nil
        }
    }
}
