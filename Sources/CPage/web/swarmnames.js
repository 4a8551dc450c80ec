// @ts-check
// The names on the picture, and what lies under the pointer.
import {colors, css, pointOf, wayOf} from "./swarmlook.js";
import {streamPart} from "./swarmmath.js";
import {marks, remarkable} from "./swarmwire.js";

/** @typedef {import("./swarmlook.js").Place} Place */
/** @typedef {import("./swarmlook.js").Stage} Stage */
/** @typedef {import("./swarmfilm.js").Moment} Moment */
/** @typedef {import("./swarmthings.js").Thing} Thing */

const labelsMax = 40;

/**
 * Writes the names of the largest nodes, and of all that are remarkable, where they cover nothing.
 * @param {CanvasRenderingContext2D} context
 * @param {Moment} moment
 * @param {(Place | undefined)[]} places
 * @param {string[]} chosen  names that are written whatever is there
 * @param {number} ratio  pixels of a CSS pixel
 */
export function writeNames(context, moment, places, chosen, ratio) {
    const {width, height} = context.canvas;
    context.clearRect(0, 0, width, height);
    context.font = `${11 * ratio}px system-ui, "DejaVu Sans", sans-serif`;
    context.textBaseline = "middle";
    const rank = (/** @type {import("./swarmwire.js").Node_} */ node) =>
        (chosen.includes(node.name.text) ? 1e6 : 0) + (node.marks & remarkable ? 1e5 : 0) + node.size;
    const order = [...moment.scene.nodes].sort((a, b) => rank(b) - rank(a) || a.slot - b.slot);
    /** @type {[number, number, number, number][]} */
    const taken = [];
    const most = Math.min(labelsMax, Math.max(8, Math.floor(width * height / ratio / ratio / 14_000)));
    let written = 0;
    for (const node of order) {
        if (written >= most) break;
        const place = places[node.slot];
        if (!place || place.presence < 0.15) continue;
        const text = node.name.text, wide = context.measureText(text).width, tall = 13 * ratio;
        // Beside the rings, not across them.
        const gap = (chosen.includes(text) || node.marks & remarkable ? 9 : 4) * ratio;
        const isLeft = place.x + place.radius + gap + wide > width - 4;
        const left = isLeft ? place.x - place.radius - gap - wide : place.x + place.radius + gap;
        const top = place.y - tall / 2;
        const isFree = taken.every(([x0, y0, x1, y1]) => left > x1 || left + wide < x0 || top > y1 || top + tall < y0);
        const isInside = left >= 0 && top >= 0 && top + tall <= height;
        if ((!isFree || !isInside) && !chosen.includes(text)) continue;
        taken.push([left - 3 * ratio, top, left + wide + 3 * ratio, top + tall]);
        written += 1;
        context.globalAlpha = Math.min(place.presence, 1);
        context.fillStyle = "rgb(10 14 22 / 0.55)";
        context.fillRect(left - 2 * ratio, top, wide + 4 * ratio, tall);
        context.fillStyle = css(node.marks & remarkable ? colors.text : node.marks & marks.inside ? colors.inside : colors.outside);
        context.fillText(text, left, place.y);
        if (chosen.includes(text)) {
            context.strokeStyle = css(colors.text);
            context.lineWidth = 1.5 * ratio;
            context.beginPath();
            context.arc(place.x, place.y, place.radius + 5 * ratio, 0, 2 * Math.PI);
            context.stroke();
        }
    }
    context.globalAlpha = 1;
    return written;
}

/**
 * What lies at a place of the picture.
 * @param {Moment} moment
 * @param {(Place | undefined)[]} places
 * @param {Stage} stage
 * @param {{salt: bigint, hidden: Set<number>}} choice
 * @param {number} x
 * @param {number} y
 * @param {number} ratio
 * @returns {Thing | undefined}
 */
export function thingAt(moment, places, stage, choice, x, y, ratio) {
    /** @type {Thing | undefined} */
    let found;
    let nearest = 8 * ratio;
    for (const node of moment.scene.nodes) {
        const place = places[node.slot];
        if (!place) continue;
        const away = Math.hypot(place.x - x, place.y - y) - place.radius;
        if (away < nearest) [found, nearest] = [{node}, away];
    }
    if (found) return found;
    nearest = 5 * ratio;
    for (const stream of moment.scene.streams) {
        if (choice.hidden.has(stream.service)) continue;
        const way = wayOf(stream, moment.scene, places, stage, 0.10 + 0.14 * streamPart(stream.key, choice.salt));
        if (!way || x < Math.min(way.x0, way.x1, way.x2) - 9 || x > Math.max(way.x0, way.x1, way.x2) + 9
            || y < Math.min(way.y0, way.y1, way.y2) - 9 || y > Math.max(way.y0, way.y1, way.y2) + 9) continue;
        const [from, to] = [moment.scene.bySlot[stream.source], moment.scene.bySlot[stream.target]];
        if (!from || !to) continue;
        for (let part = 0; part <= 32; part += 1) {
            const [px, py] = pointOf(way, part / 32);
            const away = Math.hypot(px - x, py - y);
            if (away < nearest) [found, nearest] = [{stream, from, to}, away];
        }
    }
    return found;
}
