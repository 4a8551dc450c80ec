// What to type on routers, from their makers' command references. A word in capitals stands for what
// the user puts there.

extension RouterModel {
    /// How to send flows to a collector.
    ///
    /// Every one with templates each minute, and an active timeout of a minute, so that a long flow
    /// shows while it lasts.
    public func export(to collector: String) -> String {
        switch self {
        case .ciscoIOS:
            """
            ip flow-export version 9
            ip flow-export destination \(collector) 2055
            ip flow-export source Loopback0
            ip flow-export template timeout-rate 1
            ip flow-cache timeout active 1
            interface NAME
             ip flow ingress
            """
        case .ciscoIOSXE:
            """
            flow exporter SKEIN
             destination \(collector)
             source Loopback0
             transport udp 4739
             export-protocol ipfix
             template data timeout 60
             option interface-table timeout 300
             option sampler-table timeout 300
            flow monitor SKEIN
             record netflow ipv4 original-input
             exporter SKEIN
             cache timeout active 60
            interface NAME
             ip flow monitor SKEIN input
            """
        case .ciscoIOSXR:
            """
            flow exporter-map SKEIN
             version v9
              template data timeout 60
              template options timeout 60
              options interface-table timeout 300
              options sampler-table timeout 300
             !
             transport udp 2055
             source Loopback0
             destination \(collector)
            flow monitor-map SKEIN
             record ipv4
             exporter SKEIN
             cache timeout active 60
            sampler-map SKEIN
             random 1 out-of 1000
            interface NAME
             flow ipv4 monitor SKEIN sampler SKEIN ingress
            """
        case .juniper:
            """
            set services flow-monitoring version-ipfix template SKEIN ipv4-template
            set services flow-monitoring version-ipfix template SKEIN flow-active-timeout 60
            set services flow-monitoring version-ipfix template SKEIN template-refresh-rate seconds 60
            set services flow-monitoring version-ipfix template SKEIN option-refresh-rate seconds 60
            set forwarding-options sampling instance SKEIN input rate 1000
            set forwarding-options sampling instance SKEIN family inet output flow-server \(collector) \
            port 4739 version-ipfix template SKEIN
            set forwarding-options sampling instance SKEIN family inet output inline-jflow \
            source-address ROUTER
            set interfaces NAME unit 0 family inet sampling input
            """
        case .mikrotik:
            """
            /ip traffic-flow set enabled=yes active-flow-timeout=1m
            /ip traffic-flow target add dst-address=\(collector) port=4739 version=ipfix \
            v9-template-timeout=1m
            """
        case .fortigate:
            """
            config system netflow
                set collector-ip \(collector)
                set collector-port 2055
                set active-flow-timeout 60
                set template-tx-timeout 60
            end
            config system interface
                edit NAME
                    set netflow-sampler both
                next
            end
            (both timeouts in seconds since FortiOS 7.0, before that in minutes: 1)
            """
        case .pfsense:
            "Services > softflowd: interface, host \(collector), port 4739, version IPFIX (10), "
                + "timeout \"Maximum lifetime\" 60"
        case .opnsense:
            "Reporting > NetFlow: listening interfaces, version v9, destination \(collector):2055"
        case .softflowd:
            "softflowd -i NAME -n \(collector):4739 -v 10 -t maxlife=60"
        case .hsflowd:
            """
            /etc/hsflowd.conf:
            sflow {
              collector { ip=\(collector) udpport=6343 }
              sampling=400
              polling=30
              pcap { dev=NAME }
            }
            """
        }
    }

    /// How to repeat templates every minute.
    var templateRefresh: String? {
        switch self {
        case .ciscoIOS: "ip flow-export template timeout-rate 1"
        case .ciscoIOSXE:
            """
            flow exporter NAME
             template data timeout 60
            """
        case .ciscoIOSXR:
            """
            flow exporter-map NAME
             version v9
              template data timeout 60
              template options timeout 60
            """
        case .juniper:
            """
            set services flow-monitoring version-ipfix template NAME template-refresh-rate seconds 60
            set services flow-monitoring version-ipfix template NAME option-refresh-rate seconds 60
            """
        case .mikrotik:
            """
            /ip traffic-flow target set [find] v9-template-timeout=1m v9-template-refresh=20
            """
        case .fortigate:
            """
            config system netflow
                set template-tx-timeout 60
            end
            (in seconds since FortiOS 7.0, before that in minutes: 1)
            """
        case .pfsense, .opnsense, .softflowd, .hsflowd: nil
        }
    }

    /// How to announce the rates of samplers.
    var samplerTable: String? {
        switch self {
        case .ciscoIOS: "ip flow-export template options sampler"
        case .ciscoIOSXE:
            """
            flow exporter NAME
             option sampler-table timeout 300
            """
        case .ciscoIOSXR:
            """
            flow exporter-map NAME
             version v9
              options sampler-table timeout 300
            """
        case .juniper:
            """
            set services flow-monitoring version-ipfix template NAME option-refresh-rate seconds 60
            """
        case .mikrotik, .fortigate, .pfsense, .opnsense, .softflowd, .hsflowd: nil
        }
    }

    /// How to take the time from NTP.
    var clock: String? {
        switch self {
        case .ciscoIOS, .ciscoIOSXE, .ciscoIOSXR: "ntp server ADDRESS"
        case .juniper: "set system ntp server ADDRESS"
        case .mikrotik:
            """
            /system ntp client set enabled=yes
            /system ntp client servers add address=ADDRESS
            (RouterOS 6: /system ntp client set enabled=yes primary-ntp=ADDRESS)
            """
        case .fortigate:
            """
            config system ntp
                set ntpsync enable
                set type fortiguard
            end
            """
        case .pfsense: "Services > NTP"
        case .opnsense: "Services > Network Time"
        case .softflowd, .hsflowd: "timedatectl set-ntp true"
        }
    }
}
