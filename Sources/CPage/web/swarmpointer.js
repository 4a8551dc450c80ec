// @ts-check
// What the pointer finds in the picture: said where it rests, chosen by a click.
import {h} from "./dom.js";
import {amount, short} from "./format.js";
import {hideTip, showTip} from "./overlay.js";

/** @typedef {import("./swarmthings.js").Thing} Thing */
/**
 * @typedef {object} Acts
 * @property {(x: number, y: number, ratio: number) => Thing | undefined} at  in pixels of the canvas, so many of a CSS pixel
 * @property {(thing: Thing) => import("./swarmthings.js").Known | undefined} describe
 * @property {(thing: Thing) => void} choose
 */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Acts} acts
 * @returns {() => void} says anew what is under the pointer, which may rest while the time goes on
 */
export function pointing(canvas, acts) {
    /** @type {PointerEvent | undefined} */
    let pointer;

    /** @param {MouseEvent} event */
    function under(event) {
        const box = canvas.getBoundingClientRect();
        const ratio = canvas.width / Math.max(box.width, 1);
        return acts.at((event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio, ratio);
    }

    /** @param {PointerEvent | undefined} event */
    function hover(event) {
        pointer = event;
        const thing = event && under(event);
        const known = thing && acts.describe(thing);
        canvas.classList.toggle("hits", Boolean(known));
        if (!event || !known) return hideTip();
        showTip(event.clientX, event.clientY, h("div", {class: "tip-head"}, known.title), known.note ? h("div", {class: "warn"}, known.note) : null,
            `${short(Number(known.sums.flows))} flows · ${amount(Number(known.sums.bytes), "bytes")} · ${known.more}`);
    }

    canvas.addEventListener("pointermove", hover);
    canvas.addEventListener("pointerleave", () => hover(undefined));
    canvas.addEventListener("click", (event) => {
        const thing = under(event);
        if (thing) acts.choose(thing);
    });
    return () => { if (pointer) hover(pointer); };
}
