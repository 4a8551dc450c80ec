// @ts-check
// What is looked at: it is all in the address, so that links, the back button and bookmarks just work.

/**
 * @typedef {object} State
 * @property {string} view  what stands first in the path: "" is the overview
 * @property {string} filter
 * @property {string} from  "-1h", or ms since 1970
 * @property {string} to    "now", or ms since 1970
 * @property {{[name: string]: string}} more  what belongs to a view: the metric, the keys …
 */

/** @typedef {{from: number, to: number, step: number, isLive: boolean}} Span */

export const views = ["", "map", "flows", "alerts", "exporters", "intel", "swarm"];

const second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
/** @type {{[unit: string]: number}} */
const units = {s: second, min: minute, m: minute, h: hour, d: day, w: 7 * day};
const steps = [
    second, 5 * second, 10 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute, 30 * minute,
    hour, 2 * hour, 6 * hour, 12 * hour, day, 7 * day,
];

export const presets = ["-15min", "-1h", "-3h", "-12h", "-24h", "-7d", "-30d"];

/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {State} */
let current = read();

/** @returns {State} */
function read() {
    const parameters = new URLSearchParams(location.search);
    const {filter = "", from = "-1h", to = "now", ...more} = Object.fromEntries(parameters);
    const path = location.pathname.slice(1);
    return {view: views.includes(path) ? path : "", filter, from, to, more};
}

export const state = () => current;

/**
 * The address of a state; what is as always is left out.
 * @param {State} state
 */
export function address(state) {
    const parameters = new URLSearchParams();
    if (state.filter) parameters.set("filter", state.filter);
    if (state.from !== "-1h") parameters.set("from", state.from);
    if (state.to !== "now") parameters.set("to", state.to);
    for (const [name, value] of Object.entries(state.more)) if (value) parameters.set(name, value);
    const query = parameters.toString();
    return `/${state.view}${query ? `?${query}` : ""}`;
}

/**
 * Goes to another state; what is not named stays, but what belongs to a view goes with it, and with a time what belongs to that.
 * @param {Partial<State>} change
 * @param {{replace?: boolean}} [options]
 */
export function go(change, options = {}) {
    current = next(change);
    const where = address(current);
    if (options.replace || where === location.pathname + location.search) history.replaceState(null, "", where);
    else history.pushState(null, "", where);
    for (const listener of listeners) listener();
}

const everywhere = ["metric", "compare"];
/** What belongs to a time: a moment in it, and that it is none but what arrives. */
const timely = ["at", "live"];

/**
 * @param {Partial<State>} change
 * @returns {State}
 */
export function next(change) {
    const stays = change.view === undefined || change.view === current.view;
    const isMoved = change.from !== undefined || change.to !== undefined;
    const kept = Object.fromEntries(Object.entries(current.more).filter(([name]) =>
        stays ? !isMoved || !timely.includes(name) : everywhere.includes(name)));
    return {...current, ...change, more: {...kept, ...change.more}};
}

/** @param {() => void} listener */
export function onChange(listener) { listeners.add(listener); }

addEventListener("popstate", () => {
    current = read();
    for (const listener of listeners) listener();
});

/**
 * ms since 1970 of a time in the address; NaN for what is none.
 * @param {string} text
 */
export function resolve(text) {
    if (text === "now") return Date.now();
    const relative = /^-(\d+)(s|min|m|h|d|w)$/.exec(text);
    if (relative) return Date.now() - Number(relative[1]) * (units[relative[2] ?? "s"] ?? 0);
    return /^\d+$/.test(text) ? Number(text) : Date.parse(text);
}

/** Whether the swarm shows what arrives, and no time. */
export const isStreamed = () => current.view === "swarm" && current.more["live"] === "1";

/**
 * The time looked at, widened to whole steps: rollups answer for whole buckets only.
 * @returns {Span}
 */
export function span() {
    const isLive = current.to === "now";
    let from = resolve(current.from);
    let to = resolve(current.to);
    if (!Number.isFinite(to)) to = Date.now();
    if (!Number.isFinite(from) || from >= to) from = to - hour;
    const step = steps.find((step) => (to - from) / step <= 150) ?? 7 * day;
    // Live: the same window for all who look, each ten seconds or step.
    const grain = Math.min(step, isLive ? 10 * second : step);
    return {from: Math.floor(from / step) * step, to: Math.ceil(to / grain) * grain, step, isLive};
}

/**
 * @param {Span} span
 * @returns {Span}
 */
export function before(span) {
    const length = Math.ceil((span.to - span.from) / span.step) * span.step;
    return {...span, from: span.from - length, to: span.to - length, isLive: false};
}

/**
 * A filter and another term.
 * @param {string} filter
 * @param {string} term
 */
export function both(filter, term) {
    if (!term) return filter;
    if (!filter.trim() || filter.trim() === "any") return term;
    if (filter.includes(term)) return filter;
    const isPlain = !/\b(or)\b|\|\|/.test(filter);
    return `${isPlain ? filter : `(${filter})`} and ${term}`;
}

/**
 * What the browser keeps of the user's, or what is as always.
 * @template Value
 * @param {string} name
 * @param {Value} otherwise
 * @returns {Value}
 */
export function kept(name, otherwise) {
    try {
        const text = localStorage.getItem(`skein.${name}`);
        return text === null ? otherwise : JSON.parse(text);
    } catch {
        return otherwise;
    }
}

/**
 * @param {string} name
 * @param {unknown} value
 */
export function keep(name, value) {
    try {
        localStorage.setItem(`skein.${name}`, JSON.stringify(value));
    } catch {
        // A browser that keeps nothing: it is forgotten with the page.
    }
}
