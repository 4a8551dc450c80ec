// @ts-check
// Numbers, times and names as people read them.

const prefixes = ["", "k", "M", "G", "T", "P", "E"];

/**
 * Three digits and a prefix: 1.23 G.
 * @param {number} value
 * @param {string} [unit]
 */
export function short(value, unit = "") {
    let step = 0;
    let rest = Math.abs(value);
    while (rest >= 999.5 && step < prefixes.length - 1) {
        rest /= 1000;
        step += 1;
    }
    const digits = rest >= 99.95 || (step === 0 && Number.isInteger(value)) ? 0 : rest >= 9.995 ? 1 : 2;
    const text = (value < 0 ? "−" : "") + rest.toFixed(digits);
    const tail = (prefixes[step] ?? "") + unit;
    return tail ? `${text}\u202f${tail}` : text;
}

/** @param {number} value */
export const whole = (value) => value.toLocaleString("en-GB").replaceAll(",", "\u202f");

/**
 * A part of a whole: 12.3 %.
 * @param {number} share
 */
export function percent(share) {
    const value = share * 100;
    if (value > 0 && value < 0.1) return "<0.1\u202f%";
    return `${value.toFixed(value >= 99.95 || value === 0 ? 0 : 1)}\u202f%`;
}

/** @typedef {"bytes" | "packets" | "flows"} Metric */

/**
 * An amount of a metric.
 * @param {number} value
 * @param {string} metric
 */
export function amount(value, metric) {
    return metric === "bytes" ? short(value, "B") : short(value);
}

/**
 * So much in so many seconds, as people say it: bits a second, packets a second.
 * @param {number} value
 * @param {string} metric
 * @param {number} seconds
 */
export function rate(value, metric, seconds) {
    const each = value / Math.max(seconds, 0.001);
    return metric === "bytes" ? short(each * 8, "bit/s") : short(each, metric === "packets" ? "pkt/s" : "fl/s");
}

const pad = (/** @type {number} */ value) => String(value).padStart(2, "0");

/** @param {number} time */
export function clock(time) {
    const date = new Date(time);
    return `${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** @param {number} time */
export function day(time) {
    const date = new Date(time);
    return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/**
 * Local time, to the second, or the millisecond.
 * @param {number} time
 * @param {boolean} [exact]
 */
export function moment(time, exact = false) {
    const date = new Date(time);
    const tail = exact ? `.${String(date.getMilliseconds()).padStart(3, "0")}` : "";
    return `${day(time)} ${clock(time)}:${pad(date.getSeconds())}${tail}`;
}

/**
 * As the command line takes it: RFC 3339 in UTC.
 * @param {number} time
 */
export const instant = (time) => new Date(time).toISOString().replace(".000Z", "Z");

/**
 * A length of time in its two largest units: 3 d 4 h.
 * @param {number} milliseconds
 */
export function length(milliseconds) {
    if (milliseconds < 1000) return `${Math.round(milliseconds)}\u202fms`;
    let rest = Math.round(milliseconds / 1000);
    const parts = [];
    for (const [unit, seconds] of /** @type {[string, number][]} */ ([
        ["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]])) {
        const count = Math.floor(rest / seconds);
        if (count > 0) parts.push(`${count}\u202f${unit}`);
        rest -= count * seconds;
        if (parts.length === 2) break;
    }
    return parts.join(" ") || "0\u202fs";
}

/** @param {number} time */
export function ago(time) {
    const age = Date.now() - time;
    return age < 0 ? "to come" : age < 2000 ? "now" : `${length(age).split(" ")[0]} ago`;
}

/** @type {Intl.DisplayNames | undefined} */
let regions;

/**
 * The name of a country by its two letters.
 * @param {string | null} code
 */
export function country(code) {
    if (code === null || code === "") return "unknown";
    if (code === "ZZ") return "private";
    try {
        regions ??= new Intl.DisplayNames(["en"], {type: "region"});
        return regions.of(code) ?? code;
    } catch {
        return code;
    }
}

/** @type {{[number: number]: string}} */
const protocols = {
    0: "HOPOPT", 1: "ICMP", 2: "IGMP", 4: "IPIP", 6: "TCP", 17: "UDP", 41: "IPv6", 46: "RSVP", 47: "GRE", 50: "ESP",
    51: "AH", 58: "ICMPv6", 88: "EIGRP", 89: "OSPF", 94: "IPIP", 103: "PIM", 112: "VRRP", 115: "L2TP",
    132: "SCTP", 136: "UDPLite",
};

/** @type {{[number: number]: string}} */
const services = {
    20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "dns", 67: "dhcp", 68: "dhcp", 69: "tftp",
    80: "http", 88: "kerberos", 110: "pop3", 111: "rpc", 119: "nntp", 123: "ntp", 135: "msrpc", 137: "netbios",
    138: "netbios", 139: "netbios", 143: "imap", 161: "snmp", 162: "snmp-trap", 179: "bgp", 389: "ldap",
    443: "https", 445: "smb", 465: "smtps", 500: "ike", 514: "syslog", 515: "lpd", 546: "dhcpv6", 547: "dhcpv6",
    554: "rtsp", 587: "submission", 623: "ipmi", 631: "ipp", 636: "ldaps", 853: "dns-tls", 873: "rsync",
    993: "imaps", 995: "pop3s", 1080: "socks", 1194: "openvpn", 1433: "mssql", 1521: "oracle", 1701: "l2tp",
    1723: "pptp", 1812: "radius", 1883: "mqtt", 1900: "ssdp", 2049: "nfs", 2055: "netflow", 3128: "proxy",
    3268: "ldap-gc", 3306: "mysql", 3389: "rdp", 3478: "stun", 4500: "ipsec-nat", 4739: "ipfix", 5060: "sip",
    5061: "sips", 5222: "xmpp", 5353: "mdns", 5355: "llmnr", 5432: "postgres", 5900: "vnc", 5985: "winrm",
    6343: "sflow", 6379: "redis", 6667: "irc", 6881: "bittorrent", 8080: "http-alt", 8443: "https-alt",
    8883: "mqtts", 9100: "printer", 9200: "elastic", 11211: "memcached", 27017: "mongodb", 51820: "wireguard",
};

/** @param {number} number */
export const protocol = (number) => protocols[number] ?? `proto ${number}`;

/** @param {number} port */
export const service = (port) => services[port] ?? "";

const flagLetters = "CEUAPRSF";

/** @param {number} flags */
export function tcpFlags(flags) {
    let text = "";
    for (let bit = 7; bit >= 0; bit -= 1) text += flags & (1 << bit) ? flagLetters[7 - bit] : "·";
    return text;
}

const times = new Set(["start", "end", "received", "first", "last"]);
const addresses = /^(src|dst|nat|tun|exporter|nexthop|bgpnexthop)/;

/**
 * A value of a field, as it is shown.
 * @param {string} field
 * @param {any} value
 * @returns {string}
 */
export function show(field, value) {
    if (value === null || value === undefined) return field.endsWith("geo") ? "unknown" : "—";
    if (field.endsWith("geo") || field === "country") return country(value);
    if (field === "proto") return protocol(value);
    if (field === "service" || field.endsWith("port")) {
        const name = service(Number(String(value).replace(/^.*\//, "")));
        return name ? `${value}\u2002${name}` : String(value);
    }
    if (field.endsWith("as")) return value ? `AS${value}` : "AS unknown";
    if (field === "flags") return tcpFlags(value);
    if (times.has(field)) return moment(value, true);
    if (field === "duration") return length(value);
    if (field === "bytes" || field === "rbytes") return short(value, "B");
    if (typeof value === "number" && !addresses.test(field)) return whole(value);
    return String(value);
}

/**
 * The term of the filter language that holds where a field has a value; "" where there is none.
 * @param {string} field
 * @param {any} value
 * @returns {string}
 */
export function term(field, value) {
    const name = field.replace(/\/.*$/, "");
    if (value === null || value === undefined) return `not present(${name})`;
    if (field.includes("/")) {
        return name.endsWith("ip") ? `${name} in [${value}]` : "";
    }
    return `${name} = ${value}`;
}
