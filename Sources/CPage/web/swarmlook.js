// @ts-check
// What a moment looks like: points and rings, each a function of the moment alone. SwarmPainter draws the same.
import {eighthsOfLog2, pointParts, streamPart} from "./swarmmath.js";
import {marks, remarkable} from "./swarmwire.js";

/** @typedef {import("./swarmfilm.js").Moment} Moment */
/** @typedef {import("./swarmwire.js").Scene} Scene */
/** @typedef {import("./swarmwire.js").Stream} Stream */
/** @typedef {import("./swarmwire.js").Node_} Node_ */
/** @typedef {[number, number, number]} Light  red, green, blue, 1 is full */
/** @typedef {{x: number, y: number, radius: number, presence: number, node: Node_}} Place */
/** @typedef {{centerX: number, centerY: number, radiusX: number, radiusY: number, scale: number}} Stage  pixels */
/** @typedef {{x0: number, y0: number, x1: number, y1: number, x2: number, y2: number}} Way */
/**
 * @typedef {object} Look
 * @property {number} points  how many there are
 * @property {Float32Array} light  x, y, kernel's side, red, green, blue of each
 * @property {number[]} rings  x, y, inner, outer, red, green, blue of each
 * @property {(Place | undefined)[]} places  of nodes, by slot
 */

/** @param {number} color */
const lightOf = (color) => /** @type {Light} */ ([(color >> 16 & 255) / 255, (color >> 8 & 255) / 255, (color & 255) / 255]);

export const colors = {
    inside: 0x9fc8f5, outside: 0xaab2c0, listed: 0xff3b30, scans: 0xffd54a, flooded: 0xff8a3d, beacons: 0x5ce1e6, uploads: 0xe040fb,
    text: 0xd5dbe6, ground: 0x0a0e16,
};
/** @param {number} color */
export const css = (color) => `#${color.toString(16).padStart(6, "0")}`;

/** How long a point flies, in steps. */
const flight = 1.3;
const tails = [1.5, 0.6, 0.3];

/**
 * Where on a picture the swarm is; as in a video it makes room for what is written to its left.
 * @param {number} width
 * @param {number} height
 * @param {boolean} [asVideo]
 * @returns {Stage}
 */
export function stageOf(width, height, asVideo = false) {
    if (asVideo) {
        const radiusY = height * 0.395;
        return {scale: height / 720, centerX: width * 0.54, centerY: height * 0.465, radiusY, radiusX: Math.min(radiusY * 1.42, width * 0.42)};
    }
    const radiusY = height * 0.455;
    return {scale: Math.min(height, width) / 720, centerX: width / 2, centerY: height / 2, radiusY, radiusX: Math.min(radiusY * 1.6, width * 0.455)};
}

/**
 * @param {Node_} node
 * @param {Stage} stage
 * @returns {Place}
 */
function placeOf(node, stage) {
    // From 64 kB on, by the square of the logarithm: 1 MB is 2 pixels, 1 GB 8.
    const size = Math.max(node.size / 8 - 16, 0);
    return {
        x: stage.centerX + (node.x - 32_768) / 32_767 * stage.radiusX, y: stage.centerY + (node.y - 32_768) / 32_767 * stage.radiusY,
        radius: (1.4 + 0.045 * size * size) * stage.scale, presence: 1, node,
    };
}

/**
 * @param {Node_ | undefined} a
 * @param {Node_ | undefined} b
 */
const isSame = (a, b) => a !== undefined && b !== undefined && a.name.kind === b.name.kind && a.name.text === b.name.text;

/**
 * @param {Moment} moment
 * @param {Stage} stage
 */
export function placesOf(moment, stage) {
    /** @type {(Place | undefined)[]} */
    const places = [];
    const {scene, next, phase} = moment;
    for (const node of scene.nodes) {
        const place = placeOf(node, stage);
        const later = next?.bySlot[node.slot];
        if (later && isSame(later, node)) {
            const end = placeOf(later, stage);
            place.x += (end.x - place.x) * phase;
            place.y += (end.y - place.y) * phase;
            place.radius += (end.radius - place.radius) * phase;
        } else if (next) {
            place.presence = 1 - phase;
        }
        const before = moment.past[0];
        if (before && !isSame(before.bySlot[node.slot], node)) place.presence = Math.min(place.presence, phase);
        places[node.slot] = place;
    }
    return places;
}

/**
 * What of a look is chosen by whoever looks.
 * @typedef {object} Choice
 * @property {bigint} salt
 * @property {number[]} palette  of the services, the last one for all others
 * @property {Set<number>} hidden  services that are not drawn
 * @property {number} density  part of the points that is drawn, 1 or less
 */

export class Painter {
    /** @param {Choice} choice */
    constructor(choice) {
        this.choice = choice;
        this.lights = choice.palette.map(lightOf);
        this.light = new Float32Array(6 * 4096);
        this.points = 0;
        /** @type {WeakMap<Stream, Float32Array>} */
        this.parts = new WeakMap();
        /** @type {WeakMap<Scene, number>} */
        this.calms = new WeakMap();
    }

    /**
     * @param {Moment} moment
     * @param {Stage} stage
     * @returns {Look}
     */
    look(moment, stage) {
        this.points = 0;
        const places = placesOf(moment, stage);
        [moment.scene, ...moment.past].forEach((scene, age) => {
            const time = moment.phase + age;
            if (time - 1 >= flight) return;
            for (const stream of scene.streams) this.fly(stream, scene, time, places, stage);
        });
        for (const stream of moment.scene.streams) this.trace(stream, moment.scene, places, stage);
        return {points: this.points, light: this.light, rings: ringsOf(moment, stage, places), places};
    }

    /**
     * @param {number} x
     * @param {number} y
     * @param {number} side
     * @param {Light} light
     * @param {number} strength
     */
    add(x, y, side, light, strength) {
        const at = this.points * 6;
        if (at + 6 > this.light.length) {
            const more = new Float32Array(this.light.length * 2);
            more.set(this.light);
            this.light = more;
        }
        const array = this.light;
        array[at] = x;
        array[at + 1] = y;
        array[at + 2] = side;
        array[at + 3] = light[0] * strength;
        array[at + 4] = light[1] * strength;
        array[at + 5] = light[2] * strength;
        this.points += 1;
    }

    /** @param {Stream} stream */
    lightOf(stream) {
        if (stream.marks & marks.uploads) return lightOf(colors.uploads);
        if (stream.marks & marks.listed) return lightOf(colors.listed);
        if (stream.marks & marks.scans) return lightOf(colors.scans);
        if (stream.marks & marks.flooded) return lightOf(colors.flooded);
        if (stream.marks & marks.beacons) return lightOf(colors.beacons);
        return this.lights[stream.service] ?? lightOf(0x8b93a3);
    }

    /**
     * @param {Stream} stream
     * @param {Scene} scene
     * @param {number} time
     * @param {(Place | undefined)[]} places
     * @param {Stage} stage
     */
    fly(stream, scene, time, places, stage) {
        if (this.choice.hidden.has(stream.service)) return;
        const parts = this.partsOf(stream, scene);
        const way = wayOf(stream, scene, places, stage, parts[parts.length - 1] ?? 0);
        if (!way) return;
        const isFan = (stream.marks & marks.scans) !== 0, isCone = (stream.marks & marks.flooded) !== 0;
        const size = eighthsOfLog2(stream.sums.bytes);
        const all = (parts.length - 1) / 3;
        const count = this.choice.density < 1 ? Math.max(1, Math.round(all * this.choice.density)) : all;
        const light = this.lightOf(stream);
        const reach = Math.min(size, 280) / 280;
        const strength = (stream.marks === 0 ? (0.14 + 0.9 * reach * reach) * this.calm(scene) / 64 : 0.16 + reach * 0.56) * (all / count) ** 0.5;
        const [dx, dy] = [way.x2 - way.x0, way.y2 - way.y0];
        const isLarge = size > 190 || (stream.marks & remarkable) !== 0;
        const side = sideOf(isLarge ? 8 : 6, stage);
        for (let index = 0; index < count; index += 1) {
            const age = (time - (parts[index * 3] ?? 0)) / flight;
            if (age < 0 || age >= 1) continue;
            // Slow at both ends.
            const t = age * age * (3 - 2 * age);
            const second = (parts[index * 3 + 1] ?? 0) - 0.5;
            const aside = second * 1.5;
            const flown = {...way};
            if (isFan || isCone) {
                // A scan opens: its points end beside each other; a flood closes.
                if (isFan) {
                    flown.x2 -= dy * aside;
                    flown.y2 += dx * aside;
                } else {
                    flown.x0 -= dy * aside;
                    flown.y0 += dx * aside;
                }
                flown.x1 -= dy * aside * 0.5;
                flown.y1 += dx * aside * 0.5;
            } else {
                flown.x1 += second * 18 * stage.scale;
                flown.y1 += ((parts[index * 3 + 2] ?? 0) - 0.5) * 18 * stage.scale;
            }
            const fade = Math.min(age * 8, (1 - age) * 6, 1);
            // A short tail says which way it flies, in a still too.
            tails.forEach((part, tail) => {
                const [x, y] = pointOf(flown, Math.max(t - 0.012 * tail, 0));
                this.add(x, y, side, light, strength * fade * part);
            });
        }
    }

    /**
     * A faint line that shows where a stream goes.
     * @param {Stream} stream
     * @param {Scene} scene
     * @param {(Place | undefined)[]} places
     * @param {Stage} stage
     */
    trace(stream, scene, places, stage) {
        if (this.choice.hidden.has(stream.service)) return;
        const isMarked = stream.marks !== 0;
        const reach = Math.min(Math.max(eighthsOfLog2(stream.sums.bytes) / 8 - 12, 0) / 18, 1);
        if (reach === 0 && !isMarked) return;
        const parts = this.partsOf(stream, scene);
        const way = wayOf(stream, scene, places, stage, parts[parts.length - 1] ?? 0);
        if (!way) return;
        const strength = (0.03 + 0.34 * reach * reach) * (isMarked ? 2 : 1);
        const light = this.lightOf(stream);
        const length = Math.hypot(way.x2 - way.x0, way.y2 - way.y0);
        const all = Math.min(Math.max(Math.trunc(length / (1.6 * stage.scale)), 8), 400);
        const count = this.choice.density < 1 ? Math.max(8, Math.round(all * this.choice.density)) : all;
        // Fewer of them are wider, so that the line stays one.
        const side = sideOf(all > count ? 6 : 3.4, stage);
        for (let index = 0; index <= count; index += 1) {
            const [x, y] = pointOf(way, index / count);
            this.add(x, y, side, light, all > count ? strength * 0.8 : strength);
        }
    }

    /**
     * How much of what is ordinary is drawn, in 64ths: where very much flows, each stream says less, so that what is
     * remarkable stays seen.
     * @param {Scene} scene
     */
    calm(scene) {
        let calm = this.calms.get(scene);
        if (calm === undefined) {
            const ordinary = scene.streams.filter((stream) => stream.marks === 0).length;
            calm = ordinary > 240 ? Math.trunc(64 * Math.sqrt(240 / ordinary)) : 64;
            this.calms.set(scene, calm);
        }
        return calm;
    }

    /**
     * How far a stream bends.
     * @param {Stream} stream
     */
    bend(stream) { return 0.10 + 0.14 * streamPart(stream.key, this.choice.salt); }

    /**
     * The parts of a stream's points, and behind them how far it bends.
     * @param {Stream} stream
     * @param {Scene} scene
     */
    partsOf(stream, scene) {
        const known = this.parts.get(stream);
        if (known) return known;
        let count = Math.min(Math.max(Math.trunc((eighthsOfLog2(stream.sums.bytes) - 56) / 10), 1), 14);
        if (stream.marks & (marks.scans | marks.flooded)) count = Math.min(Math.max(stream.edges, count), 48);
        // An upload is a beam.
        if (stream.marks & marks.uploads) count = 40;
        if (stream.marks === 0) count = Math.max(Math.trunc(count * this.calm(scene) / 64), 1);
        const parts = new Float32Array(count * 3 + 1);
        parts.set(pointParts(stream.key, this.choice.salt, scene.number, count));
        parts[count * 3] = this.bend(stream);
        this.parts.set(stream, parts);
        return parts;
    }
}

/**
 * The way of a stream: a curve that bends to one side, out and back to different ones.
 * @param {Stream} stream
 * @param {Scene} scene
 * @param {(Place | undefined)[]} places
 * @param {Stage} stage
 * @param {number} bend
 * @returns {Way | undefined}
 */
export function wayOf(stream, scene, places, stage, bend) {
    const from = placeIn(stream.source, scene, places, stage), to = placeIn(stream.target, scene, places, stage);
    if (!from || !to) return undefined;
    if (stream.source === stream.target) {
        // What stays within a node goes round beside it.
        const reach = from.radius + 14 * stage.scale;
        return {x0: from.x, y0: from.y, x1: from.x + reach * 2, y1: from.y - reach * 2, x2: to.x + 0.5, y2: to.y};
    }
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    return {x0: from.x, y0: from.y, x1: (from.x + to.x) / 2 - dy * bend, y1: (from.y + to.y) / 2 + dx * bend, x2: to.x, y2: to.y};
}

/**
 * Where a scene's node is now, or was.
 * @param {number} slot
 * @param {Scene} scene
 * @param {(Place | undefined)[]} places
 * @param {Stage} stage
 */
function placeIn(slot, scene, places, stage) {
    const node = scene.bySlot[slot];
    if (!node) return undefined;
    const now = places[slot];
    return now && isSame(now.node, node) ? now : placeOf(node, stage);
}

/**
 * @param {Way} way
 * @param {number} t
 * @returns {[number, number]}
 */
export function pointOf(way, t) {
    const s = 1 - t, a = s * s, b = 2 * s * t, c = t * t;
    return [a * way.x0 + b * way.x1 + c * way.x2, a * way.y0 + b * way.y1 + c * way.y2];
}

/**
 * @param {number} size
 * @param {Stage} stage
 */
const sideOf = (size, stage) => Math.min(Math.max(Math.round(size * stage.scale), 3), 24);

/**
 * The discs of nodes, and the rings round those that are remarkable.
 * @param {Moment} moment
 * @param {Stage} stage
 * @param {(Place | undefined)[]} places
 */
function ringsOf(moment, stage, places) {
    /** @type {number[]} */
    const rings = [];
    const {phase} = moment;
    // Twice a step, up and down again.
    const beat = phase * 2 % 1;
    const pulse = beat < 0.5 ? beat * 2 : 2 - beat * 2;
    for (const node of moment.scene.nodes) {
        const place = places[node.slot];
        if (!place) continue;
        const {x, y, radius, presence} = place;
        /**
         * @param {number} inner
         * @param {number} outer
         * @param {number} color
         * @param {number} strength
         */
        const ring = (inner, outer, color, strength) => {
            const [red, green, blue] = lightOf(color);
            rings.push(x, y, inner, outer, red * strength, green * strength, blue * strength);
        };
        /**
         * @param {number} distance
         * @param {number} width
         * @param {number} color
         * @param {number} strength
         */
        const round = (distance, width, color, strength) => {
            const inner = radius + distance * stage.scale;
            ring(inner, inner + width * stage.scale, color, strength * presence);
        };
        const color = node.marks & marks.inside ? colors.inside : colors.outside;
        const strength = (Number(node.sums.flows) > 0 ? 0.5 : 0.12) * presence;
        if (node.name.kind === "host") {
            ring(-1, radius, color, strength);
        } else {
            ring(radius - 1.2 * stage.scale, radius, color, strength * 0.7);
            ring(-1, radius, color, strength * 0.12);
        }
        if (node.marks & marks.listed) {
            round(3 + 3 * pulse, 2, colors.listed, 1.4);
            round(8 + 6 * pulse, 1, colors.listed, 0.5);
        }
        if (node.marks & marks.uploads) round(4, 2, colors.uploads, 1.2);
        if (node.marks & marks.scans) round(4, 1.2, colors.scans, 1);
        if (node.marks & marks.flooded) {
            // Closes in.
            round(4 + 14 * (1 - phase), 1.6, colors.flooded, 1.2 * phase);
            round(4, 1.2, colors.flooded, 0.9);
        }
        // Spreads, as a drop in water.
        if (node.marks & marks.beacons) round(2 + 24 * phase, 1.4, colors.beacons, 1.4 * (1 - phase));
    }
    return rings;
}
