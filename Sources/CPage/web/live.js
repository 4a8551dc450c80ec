// @ts-check
// What the server tells by itself: a beat every two seconds. The browser comes back after a break.
import {lookAgain} from "./session.js";

/**
 * @typedef {object} Pulse
 * @property {number} time
 * @property {number} flows
 * @property {number} lost
 * @property {number} undecoded
 * @property {number} kernelDrops
 * @property {number} shed
 * @property {number} exporters
 * @property {string[]} troubles
 * @property {{open: number, worst: string | null, latest: number, updated: number}} alerts
 */
/** @typedef {Pulse & {rate: number | null}} Beat */

/** @type {Set<(beat: Beat) => void>} */
const listeners = new Set();
/** @type {Pulse[]} */
let recent = [];
/** @type {Beat | undefined} */
let last;

/** @param {(beat: Beat) => void} listener */
export function onPulse(listener) {
    listeners.add(listener);
    if (last) listener(last);
    return () => { listeners.delete(listener); };
}

export const lastBeat = () => last;

/** @type {EventSource | undefined} */
let source;
let isWanted = false;
let isListening = false;
let retry = 0;

function open() {
    source?.close();
    source = new EventSource("/api/v1/events");
    source.addEventListener("pulse", (event) => take(JSON.parse(event.data)));
    // The browser comes back after a break by itself, but not after a refusal.
    source.addEventListener("error", () => {
        if (source?.readyState !== EventSource.CLOSED || !isWanted) return;
        lookAgain();
        clearTimeout(retry);
        retry = window.setTimeout(() => { if (isWanted && !document.hidden) open(); }, 10_000);
    });
}

/** @param {Pulse} pulse */
function take(pulse) {
    // A server that was started anew counts from 0.
    if (pulse.flows < (recent[recent.length - 1]?.flows ?? 0)) recent = [];
    recent.push(pulse);
    if (recent.length > 6) recent.shift();
    const first = recent[0] ?? pulse;
    const seconds = (pulse.time - first.time) / 1000;
    last = {...pulse, rate: seconds > 0 ? (pulse.flows - first.flows) / seconds : null};
    for (const listener of listeners) listener(last);
}

/** Listens no more until ``listen`` is called again. */
export function hush() {
    isWanted = false;
    clearTimeout(retry);
    source?.close();
}

export function listen() {
    isWanted = true;
    recent = [];
    open();
    if (isListening) return;
    isListening = true;
    // A page that nobody sees needs no beat.
    document.addEventListener("visibilitychange", () => {
        if (document.hidden) source?.close();
        else if (isWanted) open();
        recent = [];
    });
}
