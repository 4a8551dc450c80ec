// @ts-check
// Scenes as they arrive: the last minutes are kept, breaks are mended, and it is known how far behind one is.
import {Refusal} from "./api.js";
import {moment as instantText, whole} from "./format.js";
import {Film} from "./swarmfilm.js";
import {isCheckpoint, readHeader, readStatus, recordReader, sceneNumber} from "./swarmwire.js";

/** @typedef {import("./swarmwire.js").Header} Header */
/** @typedef {import("./swarmwire.js").Status} Status */

/** Scenes that are kept, and places of the timeline. */
const scenesMax = 640;
/** From the arrival of a step's first flow to when it is played, in steps: it has to end, come, and have a successor. */
const smooth = 3;
/** Where frames take so long that nobody sees what moves between two steps, it need not have one. */
const prompt = 1.9;
/** A frame that takes longer than this, ms, is such a one. */
const frameMax = 120;
/** Between two attempts to reach the server, ms: at first, and at most. */
const [patienceMin, patienceMax] = [500, 8000];

export class LiveFilm extends Film {
    constructor() {
        super();
        this.places = scenesMax;
        /** @type {Status | undefined} */
        this.status = undefined;
        this.isConnected = false;
        /** When it was begun anew after a break, ms since 1970; 0: it was not. */
        this.begunAnew = 0;
        /** What has to be added to this machine's clock. */
        this.ahead = 0;
        /** ms that a frame takes. */
        this.frame = 0;
        /** Scenes of connections before this one that have not come. */
        this.missed = 0;
    }

    /** Flows that are in no step, as they came too fast. */
    get dropped() { return this.status?.dropped ?? 0; }

    /** Scenes that have not come, as this page read too slowly. */
    get skipped() { return this.missed + (this.status?.skipped ?? 0); }

    /** The server's clock, ms since 1970. */
    get now() { return Date.now() + this.ahead; }

    /** The time to play now, in steps from the first one: smooth while scenes come in time, else the last one. */
    get newest() {
        const {header} = this;
        if (!header) return 0;
        return Math.max(0, Math.min(this.now / header.step - header.first - (this.frame > frameMax ? prompt : smooth), this.count - 1e-3));
    }

    /**
     * How far a time is behind, seconds.
     * @param {number} time
     */
    behind(time) {
        const {header} = this;
        return header ? (this.now - (header.first + time) * header.step) / 1000 : 0;
    }

    /**
     * How far behind a time is, and what is missing.
     * @param {number} time
     * @param {boolean} isFollowing
     */
    words(time, isFollowing) {
        const words = [`${!this.isConnected ? "not connected" : isFollowing ? "live" : "paused"}, ${this.behind(time).toFixed(1)}\u202fs behind`];
        if (this.dropped > 0) words.push(`dropped: ${whole(this.dropped)} flows`);
        if (this.skipped > 0) words.push(`skipped: ${whole(this.skipped)} steps`);
        if (this.begunAnew > 0) words.push(`begun anew ${instantText(this.begunAnew)}`);
        return words.join(" · ");
    }

    /**
     * Follows until the signal ends it; comes back after every break but a refusal.
     * @param {string} address
     * @param {AbortSignal} signal
     * @param {(shift: number) => void} onProgress  more has come, or the connection is lost; so many of the first steps are kept no more
     */
    async follow(address, signal, onProgress) {
        let patience = patienceMin;
        while (!signal.aborted) {
            try {
                const {header} = this;
                const start = header ? `&start=${header.first + this.count}` : "";
                await this.read(`${address}${start}`, signal, (shift) => {
                    patience = patienceMin;
                    onProgress(shift);
                });
            } catch (error) {
                if (signal.aborted) return;
                const isFinal = error instanceof Refusal && error.status >= 400 && error.status < 500;
                if (isFinal || !(error instanceof Refusal || error instanceof TypeError)) throw error;
                if (error instanceof Refusal && !this.header) throw error;
            }
            this.isConnected = false;
            this.missed += this.status?.skipped ?? 0;
            if (this.status) this.status.skipped = 0;
            if (signal.aborted) return;
            onProgress(0);
            await pause(patience, signal);
            patience = Math.min(patience * 2, patienceMax);
        }
    }

    /**
     * @param {string} address
     * @param {AbortSignal} signal
     * @param {(shift: number) => void} onProgress
     */
    async read(address, signal, onProgress) {
        const response = await fetch(address, {signal});
        if (!response.ok || !response.body) {
            const {error = response.statusText} = await response.json().catch(() => ({}));
            throw new Refusal(response.status, error);
        }
        let shift = 0;
        /** @type {Header | undefined} */
        let header;
        const take = recordReader((kind, payload) => {
            if (kind === 1) header = readHeader(payload);
            else if (kind === 4) this.hear(readStatus(payload));
            else if (kind === 2 && header) shift += this.append(payload, header);
        });
        const reader = response.body.getReader();
        for (;;) {
            const {done, value} = await reader.read();
            if (done) return;
            take(value);
            this.isConnected = true;
            onProgress(shift);
            shift = 0;
        }
    }

    /** @param {Status} status */
    hear(status) {
        this.status = status;
        // What took longest to come tells least of the clocks; but clocks drift.
        const ahead = status.clock - Date.now();
        this.ahead = this.ahead === 0 ? ahead : Math.max(ahead, this.ahead - 1);
    }

    /**
     * Puts a scene behind the others; begins anew where it does not follow.
     * @param {Uint8Array} payload
     * @param {Header} header  of the connection that it came by
     * @returns {number} how many of the first steps are kept no more
     */
    append(payload, header) {
        const number = sceneNumber(payload);
        const mine = this.header;
        const place = mine ? number - mine.first : 0;
        if (mine && place >= 0 && place < this.count && isSame(payload, this.payloads[place])) return 0;
        let shift = 0;
        if (!mine || place !== this.count) {
            // Names are told at checkpoints: what comes before the next one cannot be read.
            if (!isCheckpoint(payload)) return 0;
            if (mine) this.begunAnew = this.now;
            shift = this.count;
            this.header = {...header, first: number, count: 0, timeline: []};
            [this.payloads, this.told] = [[], []];
            this.kept.clear();
            this.edition += 1;
        }
        this.payloads.push(payload);
        const services = this.scene(this.count - 1)?.services ?? [];
        this.header?.timeline.push(services.map((sums) => Number(sums.bytes)));
        if (this.count > scenesMax) shift += this.forget();
        if (this.header) this.header.count = this.count;
        this.bound();
        return shift;
    }

    /** Forgets the scenes before the second checkpoint. */
    forget() {
        let many = 1;
        while (many < this.count && !isCheckpoint(this.payloads[many] ?? new Uint8Array(1))) many += 1;
        const {header} = this;
        if (!header || many >= this.count) return 0;
        this.payloads.splice(0, many);
        this.told.splice(0, many);
        header.timeline.splice(0, many);
        header.first += many;
        this.kept = new Map([...this.kept].filter(([place]) => place >= many).map(([place, known]) => [place - many, known]));
        this.edition += 1;
        return many;
    }

    /** Says from when to when it goes. */
    bound() {
        const {header} = this;
        if (header) [header.from, header.to] = [header.first * header.step, (header.first + this.count) * header.step];
    }
}

/**
 * @param {Uint8Array} a
 * @param {Uint8Array | undefined} b
 */
const isSame = (a, b) => b !== undefined && a.length === b.length && a.subarray(0, 32).every((octet, place) => octet === b[place]);

/**
 * @param {number} time  ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
const pause = (time, signal) => new Promise((resolve) => {
    const timer = setTimeout(resolve, time);
    signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
    }, {once: true});
});
