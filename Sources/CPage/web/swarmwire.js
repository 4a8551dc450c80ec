// @ts-check
// Scenes as the server sends them (docs/swarm.md): octets in, plain values out.

/** @typedef {number | bigint} Count  exact; a bigint beyond 2⁴⁹ */
/** @typedef {{flows: Count, packets: Count, bytes: Count}} Sums */
/** @typedef {{kind: "host" | "network" | "country" | "rest", text: string, isInside: boolean}} Name */
/** @typedef {{slot: number, name: Name, x: number, y: number, size: number, marks: number, sums: Sums}} Node_ */
/**
 * @typedef {object} Stream
 * @property {number} key
 * @property {number} source  a slot
 * @property {number} target
 * @property {number} service  a place in the legend
 * @property {number} marks
 * @property {number} edges
 * @property {Sums} sums
 */
/**
 * @typedef {object} Signal
 * @property {"scan" | "port scan" | "flood" | "listed" | "beacon" | "upload"} kind
 * @property {string} subject
 * @property {string} object  "" where there is none
 * @property {number} service  -1 where there is none
 * @property {number} count
 * @property {Sums} sums
 */
/**
 * @typedef {object} Scene
 * @property {number} number
 * @property {string} hash  what the server says the scene's fingerprint is
 * @property {Node_[]} nodes
 * @property {(Node_ | undefined)[]} bySlot
 * @property {Sums[]} services
 * @property {Sums} total
 * @property {number} edges
 * @property {Sums} folded
 * @property {Stream[]} streams
 * @property {Signal[]} signals
 */
/**
 * @typedef {object} Header
 * @property {bigint} seed
 * @property {number} step  ms
 * @property {number} first  the number of the first step
 * @property {number} count
 * @property {number} from
 * @property {number} to
 * @property {number} slots
 * @property {number} serviceSlots
 * @property {number} checkpoint
 * @property {{name: string, color: number}[]} services
 * @property {number[][]} timeline
 */

export const marks = {listed: 1, scans: 2, flooded: 4, beacons: 8, inside: 16, uploads: 32};
/** Marks that are told of. */
export const remarkable = 47;

const kinds = /** @type {Signal["kind"][]} */ (["scan", "port scan", "flood", "listed", "beacon", "upload"]);

class Octets {
    /** @param {Uint8Array} octets */
    constructor(octets) {
        this.octets = octets;
        this.at = 0;
    }

    octet() {
        const value = this.octets[this.at];
        if (value === undefined) throw new RangeError("the answer is cut off");
        this.at += 1;
        return value;
    }

    little16() { return this.octet() | this.octet() << 8; }
    little64() {
        let value = 0n;
        for (let shift = 0n; shift < 64n; shift += 8n) value |= BigInt(this.octet()) << shift;
        return value;
    }

    /** @returns {Count} */
    count() {
        let value = 0, scale = 1;
        for (let place = 0; place < 7; place += 1) {
            const octet = this.octet();
            value += (octet & 0x7f) * scale;
            if (octet < 0x80) return value;
            scale *= 128;
        }
        let large = BigInt(value), shift = 49n;
        for (;;) {
            const octet = this.octet();
            large |= BigInt(octet & 0x7f) << shift;
            if (octet < 0x80) return large;
            shift += 7n;
        }
    }

    number() { return Number(this.count()); }

    /** @returns {Sums} */
    sums() { return {flows: this.count(), packets: this.count(), bytes: this.count()}; }

    text() {
        const length = this.number();
        this.at += length;
        return new TextDecoder().decode(this.octets.subarray(this.at - length, this.at));
    }

    address() {
        const octets = Array.from({length: this.octet()}, () => this.octet());
        return octets.length === 4 ? octets.join(".") : v6(octets);
    }

    /** @returns {Name} */
    name() {
        const kind = this.octet();
        if (kind === 0) return {kind: "host", text: this.address(), isInside: false};
        if (kind === 1) return {kind: "network", text: `${this.address()}/${this.octet()}`, isInside: false};
        if (kind === 2) {
            const letters = this.little16();
            return {kind: "country", text: letters === 0 ? "??" : String.fromCharCode(letters >> 8, letters & 255), isInside: false};
        }
        return {kind: "rest", text: kind === 3 ? "other own hosts" : "all others", isInside: kind === 3};
    }
}

/**
 * As RFC 5952 has it: the longest run of noughts is left out.
 * @param {number[]} octets
 */
function v6(octets) {
    const words = Array.from({length: 8}, (_, place) => (octets[place * 2] ?? 0) << 8 | (octets[place * 2 + 1] ?? 0));
    let start = -1, length = 1;
    for (let from = 0; from < 8; from += 1) {
        let to = from;
        while (to < 8 && words[to] === 0) to += 1;
        if (to - from > length) [start, length] = [from, to - from];
    }
    const text = (/** @type {number[]} */ part) => part.map((word) => word.toString(16)).join(":");
    return start < 0 ? text(words) : `${text(words.slice(0, start))}::${text(words.slice(start + length))}`;
}

/**
 * @param {Uint8Array} payload
 * @returns {Header}
 */
export function readHeader(payload) {
    const octets = new Octets(payload);
    const seed = octets.little64();
    const [step, first, count, from, to] = [octets.number(), octets.number(), octets.number(), octets.number(), octets.number()];
    const [slots, serviceSlots, checkpoint] = [octets.number(), octets.number(), octets.number()];
    const services = Array.from({length: octets.number()}, () => {
        const color = octets.octet() << 16 | octets.octet() << 8 | octets.octet();
        return {name: octets.text(), color};
    });
    const timeline = Array.from({length: octets.number()}, () => services.map(() => octets.number()));
    return {seed, step, first, count, from, to, slots, serviceSlots, checkpoint, services, timeline};
}

/**
 * What is told beside the scenes of what arrives.
 * @typedef {{clock: number, dropped: number, skipped: number, viewers: number}} Status
 */

/**
 * @param {Uint8Array} payload
 * @returns {Status}
 */
export function readStatus(payload) {
    const octets = new Octets(payload);
    return {clock: octets.number(), dropped: octets.number(), skipped: octets.number(), viewers: octets.number()};
}

/**
 * The number of a scene that is not read otherwise.
 * @param {Uint8Array} payload
 */
export function sceneNumber(payload) {
    const octets = new Octets(payload);
    octets.octet();
    return octets.number();
}

/** @param {Uint8Array} payload */
export const isCheckpoint = (payload) => ((payload[0] ?? 0) & 1) === 1;

/**
 * @param {Uint8Array} payload
 * @param {Header} header
 * @param {Map<number, Name>} names  by slot, as the scenes before have told them; is brought up to date
 * @returns {Scene}
 */
export function readScene(payload, header, names) {
    const octets = new Octets(payload);
    if (octets.octet() & 1) names.clear();
    const number = octets.number();
    const hash = octets.little64().toString(16);
    let next = 0;
    /** @type {(Node_ | undefined)[]} */
    const bySlot = [];
    const nodes = Array.from({length: octets.number()}, () => {
        const word = octets.number();
        const slot = next + (word >> 1);
        next = slot + 1;
        if (word & 1) names.set(slot, octets.name());
        const name = names.get(slot);
        if (!name) throw new RangeError("a node has no name");
        const node = {
            slot, name, x: octets.little16(), y: octets.little16(), size: octets.number(), marks: octets.octet(), sums: octets.sums(),
        };
        bySlot[slot] = node;
        return node;
    });
    const services = Array.from({length: octets.number()}, () => octets.sums());
    const total = octets.sums();
    const edges = octets.number();
    const folded = octets.sums();
    let key = 0;
    const streams = Array.from({length: octets.number()}, () => {
        key += octets.number();
        const pair = Math.floor(key / header.serviceSlots);
        return {
            key, source: Math.floor(pair / header.slots), target: pair % header.slots, service: key % header.serviceSlots,
            marks: octets.octet(), edges: octets.number(), sums: octets.sums(),
        };
    });
    const signals = Array.from({length: octets.number()}, () => {
        const kind = kinds[octets.octet()] ?? "scan";
        const has = octets.octet();
        return {
            kind, subject: octets.address(), object: has & 1 ? octets.address() : "",
            service: has & 2 ? octets.number() : -1, count: octets.number(), sums: octets.sums(),
        };
    });
    return {number, hash, nodes, bySlot, services, total, edges, folded, streams, signals};
}

/**
 * Takes records out of octets as they come: the version, then kind, length, payload.
 * @param {(kind: number, payload: Uint8Array) => void} take
 */
export function recordReader(take) {
    let rest = new Uint8Array(0);
    let isBegun = false;
    return (/** @type {Uint8Array} */ piece) => {
        const all = new Uint8Array(rest.length + piece.length);
        all.set(rest);
        all.set(piece, rest.length);
        let at = 0;
        if (!isBegun && all.length >= 5) {
            if (String.fromCharCode(...all.subarray(0, 4)) !== "SKSW" || all[4] !== 1) throw new RangeError("the server speaks another version; reload the page");
            isBegun = true;
            at = 5;
        }
        const view = new DataView(all.buffer);
        while (isBegun && at + 5 <= all.length) {
            const length = view.getUint32(at + 1, true);
            if (at + 5 + length > all.length) break;
            take(all[at] ?? 0, all.slice(at + 5, at + 5 + length));
            at += 5 + length;
        }
        rest = all.slice(at);
    };
}
