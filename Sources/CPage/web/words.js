// @ts-check
// What the filter box knows of the language beside the fields; docs/filter.md has it whole.

/** @type {[string, string][]} */
export const phrases = [
    ["src ip", "the source's address"], ["dst ip", "the destination's address"], ["ip", "either address"],
    ["host", "either address"], ["net", "either address within a network: net 10.0.0.0/8"],
    ["src net", "source within a network"], ["dst net", "destination within a network"],
    ["port", "either port: port 443, port 80-90"], ["src port", "the source's port"],
    ["dst port", "the destination's port"], ["proto", "protocol: tcp, udp, icmp, 47"],
    ["tcp", "protocol TCP"], ["udp", "protocol UDP"], ["icmp", "protocol ICMP"],
    ["country", "either country: country CH"], ["src geo", "the source's country"],
    ["dst geo", "the destination's country"], ["as", "either AS number"], ["src as", "the source's AS number"],
    ["dst as", "the destination's AS number"], ["flags S", "TCP flags that are set"],
    ["bytes >", "octets: bytes > 1M"], ["packets >", "packets: packets > 100"],
    ["duration >", "how long it took: duration > 2min"], ["bps >", "bits a second: bps > 10M"],
    ["in if", "ingress interface"], ["out if", "egress interface"],
    ["and", "both"], ["or", "either"], ["not", "the opposite"], ["any", "every flow"],
];

/** After these comes a value of the field. */
/** @type {{[phrase: string]: string}} */
export const fieldOf = {
    "src ip": "srcip", "dst ip": "dstip", ip: "srcip", host: "srcip", "src port": "srcport",
    "dst port": "dstport", port: "dstport", proto: "proto", country: "dstgeo", "src geo": "srcgeo",
    "dst geo": "dstgeo", as: "dstas", "src as": "srcas", "dst as": "dstas", "in if": "inif", "out if": "outif",
};

/** Keys that groups and the chart offer, and what they are called. */
/** @type {[string, string][]} */
export const keys = [
    ["service", "Service"], ["proto", "Protocol"], ["srcip", "Source"], ["dstip", "Destination"],
    ["srcip/24", "Source /24"], ["dstip/24", "Destination /24"], ["srcgeo", "Source country"],
    ["dstgeo", "Destination country"], ["srcas", "Source AS"], ["dstas", "Destination AS"],
    ["dstport", "Destination port"], ["srcport", "Source port"], ["exporter", "Exporter"],
    ["inif", "Ingress interface"], ["outif", "Egress interface"], ["flags", "TCP flags"], ["tos", "Type of service"],
];

/** @param {string} key */
export const title = (key) => keys.find(([name]) => name === key)?.[1] ?? key;
