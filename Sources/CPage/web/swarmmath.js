// @ts-check
// The same bits as FlowSwarm makes them: 64-bit numbers as two halves.

/** @typedef {import("./swarmwire.js").Scene} Scene */
/** @typedef {import("./swarmwire.js").Count} Count */

/** What `mixed` and `times` leave: the upper and the lower half. */
let high = 0, low = 0;

/**
 * @param {number} h
 * @param {number} l
 * @param {number} ch
 * @param {number} cl
 */
function times(h, l, ch, cl) {
    const [l0, l1, c0, c1] = [l & 0xffff, l >>> 16, cl & 0xffff, cl >>> 16];
    const middle = l1 * c0 + (l0 * c0 >>> 16);
    const carry = (middle & 0xffff) + l0 * c1;
    high = Math.imul(h, cl) + Math.imul(l, ch) + l1 * c1 + Math.floor(middle / 65_536) + Math.floor(carry / 65_536) | 0;
    low = Math.imul(l, cl);
}

/**
 * @param {number} h
 * @param {number} l
 */
function mix(h, l) {
    times(h, l ^ h >>> 1, 0xff51afd7 | 0, 0xed558ccd | 0);
    times(high, low ^ high >>> 1, 0xc4ceb9fe | 0, 0x1a85ec53 | 0);
    low ^= high >>> 1;
}

/** @param {bigint} number */
export function mixed(number) {
    mix(Number(BigInt.asIntN(32, number >> 32n)), Number(BigInt.asIntN(32, number)));
    return BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
}

/**
 * What every stream's hash is made of beside its key.
 * @param {bigint} seed
 */
export const saltOf = (seed) => mixed(BigInt.asUintN(64, seed + 7n));

/**
 * Three parts, each below 1, for each point of a stream: when it flies, and how far aside.
 * @param {number} key
 * @param {bigint} salt
 * @param {number} number  of the scene
 * @param {number} count
 */
export function pointParts(key, salt, number, count) {
    const parts = new Float32Array(count * 3);
    mix(Math.floor(key / 4_294_967_296) ^ Number(BigInt.asIntN(32, salt >> 32n)), key ^ Number(BigInt.asIntN(32, salt)));
    const [h, l] = [high, low];
    times(Math.floor(number / 4_294_967_296), number | 0, 0, 0x9e37);
    const [baseHigh, baseLow] = [h ^ high, (l ^ low) >>> 0];
    for (let index = 0; index < count; index += 1) {
        const sum = baseLow + index * 1_048_576;
        mix(baseHigh + (sum >= 4_294_967_296 ? 1 : 0) | 0, sum | 0);
        parts[index * 3] = (low & 0xffff) / 65_536;
        parts[index * 3 + 1] = (low >>> 16) / 65_536;
        parts[index * 3 + 2] = (high & 0xffff) / 65_536;
    }
    return parts;
}

/**
 * The first part of a stream's own hash.
 * @param {number} key
 * @param {bigint} salt
 */
export function streamPart(key, salt) {
    mix(Number(BigInt.asIntN(32, salt >> 32n)), key ^ Number(BigInt.asIntN(32, salt)));
    return (low & 0xffff) / 65_536;
}

/**
 * The binary logarithm in eighths, rounded down, of straight lines between powers of two.
 * @param {Count} count
 */
export function eighthsOfLog2(count) {
    const value = Number(count);
    if (value <= 1) return 0;
    let exponent = Math.floor(Math.log2(value));
    // The library's logarithm may be off by its last bit.
    if (2 ** exponent > value) exponent -= 1;
    else if (2 ** (exponent + 1) <= value) exponent += 1;
    return exponent * 8 + Math.floor((value / 2 ** exponent - 1) * 8);
}

/**
 * The fingerprint of a scene, from what was read of it: the one that the server has made, or something was misread.
 * @param {Scene} scene
 * @param {bigint} seed
 */
export function sceneHash(scene, seed) {
    const salt = saltOf(seed);
    let hash = 0x9e3779b97f4a7c15n;
    /** @param {Count} number */
    const take = (number) => { hash = BigInt.asUintN(64, mixed(hash ^ BigInt(number)) + 0x2545f4914f6cdd1dn); };
    take(scene.number);
    for (const node of scene.nodes) {
        take(BigInt(node.slot) << 48n | BigInt(node.x) << 32n | BigInt(node.y) << 16n | BigInt(node.size) << 6n & 0xffc0n | BigInt(node.marks));
        take(node.sums.bytes);
    }
    for (const stream of scene.streams) {
        take(mixed(BigInt(stream.key) ^ salt));
        take(BigInt(stream.marks) << 32n | BigInt(stream.edges));
        take(stream.sums.flows);
        take(stream.sums.packets);
        take(stream.sums.bytes);
    }
    for (const service of scene.services) take(service.bytes);
    return hash.toString(16);
}
