// @ts-check
// All scenes of a time: kept as they came, read when they are looked at, from any place on.
import {Refusal} from "./api.js";
import {isCheckpoint, readHeader, readScene, recordReader} from "./swarmwire.js";

/** @typedef {import("./swarmwire.js").Scene} Scene */
/** @typedef {import("./swarmwire.js").Header} Header */
/** @typedef {import("./swarmwire.js").Name} Name */
/**
 * A moment between two steps: everything that is drawn follows from it.
 * @typedef {{past: Scene[], scene: Scene, next: Scene | undefined, phase: number}} Moment
 */

/** Scenes that are kept as values. */
const keptMax = 24;
/** Steps before, of which points are still on their way. */
const pastMax = 2;

export class Film {
    constructor() {
        /** @type {Header | undefined} */
        this.header = undefined;
        /** @type {Uint8Array[]} */
        this.payloads = [];
        this.isWhole = false;
        /** Whether nothing more comes, as all is there or it broke off. */
        this.isOver = false;
        this.flowsOfUnknownRate = 0;
        /**
         * What is told of each step, as marks, as far as somebody has looked.
         * @type {number[]}
         */
        this.told = [];
        /** Places of the timeline; 0: as many as there are steps. */
        this.places = 0;
        /** Grows with each change of what is kept, but for steps that are put behind the others. */
        this.edition = 0;
        /** @type {Map<number, {scene: Scene, names: Map<number, Name>}>} */
        this.kept = new Map();
    }

    /** Steps that are there. */
    get count() { return this.payloads.length; }

    /**
     * Asks for the scenes.
     * @param {string} address
     * @param {AbortSignal} signal
     * @param {() => void} onProgress  more has come
     */
    async load(address, signal, onProgress) {
        const response = await fetch(address, {signal});
        if (!response.ok || !response.body) {
            const {error = response.statusText} = await response.json().catch(() => ({}));
            throw new Refusal(response.status, error);
        }
        const take = recordReader((kind, payload) => {
            if (kind === 1) this.header = readHeader(payload);
            else if (kind === 2) this.payloads.push(payload);
            else if (kind === 3) this.isWhole = true;
        });
        const reader = response.body.getReader();
        for (;;) {
            const {done, value} = await reader.read();
            if (done) break;
            take(value);
            onProgress();
        }
        if (!this.isWhole) throw new Refusal(0, "The answer broke off; the steps so far are shown.");
    }

    /**
     * The scene of a place, 0 the first; read from the last one on that names all of its nodes, or is still known.
     * @param {number} place
     * @returns {Scene | undefined}
     */
    scene(place) {
        const {header} = this;
        if (!header || place < 0 || place >= this.count) return undefined;
        const known = this.kept.get(place);
        if (known) return known.scene;
        let from = place;
        while (from > 0 && !isCheckpoint(this.payloads[from] ?? new Uint8Array(1)) && !this.kept.has(from - 1)) from -= 1;
        const names = new Map(this.kept.get(from - 1)?.names);
        /** @type {Scene | undefined} */
        let scene;
        for (let at = from; at <= place; at += 1) {
            scene = readScene(/** @type {Uint8Array} */ (this.payloads[at]), header, names);
            this.kept.set(at, {scene, names: new Map(names)});
            // The one that was put in first goes first.
            if (this.kept.size > keptMax) this.kept.delete(this.kept.keys().next().value ?? 0);
        }
        return scene;
    }

    /**
     * @param {number} time  in steps from the first one
     * @returns {Moment | undefined}
     */
    moment(time) {
        const place = Math.max(0, Math.min(Math.floor(time), this.count - 1));
        const scene = this.scene(place);
        if (!scene) return undefined;
        const past = [];
        for (let back = 1; back <= pastMax && place - back >= 0; back += 1) {
            const before = this.scene(place - back);
            if (before) past.push(before);
        }
        return {past, scene, next: this.scene(place + 1), phase: Math.max(0, Math.min(time - place, 1))};
    }
}
