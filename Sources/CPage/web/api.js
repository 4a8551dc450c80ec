// @ts-check
// Asks the server, and says each question as the command line would.
import {instant} from "./format.js";

/** @typedef {{[name: string]: any}} Row */
/** @typedef {{rows: Row[], footing: {[name: string]: any}}} Answer */
/**
 * A question: an endpoint below /api/v1, and its parameters.
 * @typedef {object} Question
 * @property {"query" | "map" | "alerts" | "exporters" | "intel/feeds" | "intel/lookup"} path
 * @property {{[name: string]: string | string[] | number | boolean | undefined}} [parameters]
 * @property {{[name: string]: number}} [file]  what is otherwise where the answer becomes a file
 */
/** @typedef {{name: string, type: string, about: string}} FieldInfo */
/** @typedef {{version: string, store: string, configuration: string | null, fields: FieldInfo[], sets: string[], home: string[], overrides: {network: string, country: string | null, label: string}[]}} About */

export class Refusal extends Error {
    /**
     * @param {number} status
     * @param {string} message
     */
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

/**
 * @param {Question} question
 * @param {string} [output]
 */
export function addressOf(question, output) {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(question.parameters ?? {})) {
        if (Array.isArray(value)) for (const one of value) parameters.append(name, one);
        else if (value !== undefined && value !== "" && value !== false) parameters.set(name, String(value));
    }
    if (output) parameters.set("output", output);
    const query = parameters.toString();
    return `/api/v1/${question.path}${query ? `?${query}` : ""}`;
}

/** @type {() => void} */
let strange = () => {};

/**
 * What to do when the server does not know who asks.
 * @param {() => void} act
 */
export function onStranger(act) { strange = act; }

/**
 * @param {string} address
 * @param {RequestInit} [options]
 */
export async function fetched(address, options) {
    const response = await fetch(address, options);
    let body;
    try {
        body = await response.json();
    } catch {
        throw new Refusal(response.status, `the answer broke off (${response.status})`);
    }
    if (response.status === 401 && address !== "/api/v1/session") strange();
    if (!response.ok) throw new Refusal(response.status, body.error ?? response.statusText);
    return body;
}

/**
 * @param {Question} question
 * @param {AbortSignal} [signal]
 */
const asked = (question, signal) => fetched(addressOf(question), {
    // Many pages look at the same time: what another one was just told will do.
    signal, ...(question.path === "query" || question.path === "map" ? {headers: {"Cache-Control": "max-age=8"}} : {}),
});

/**
 * Who waits for the first groups by a key.
 * @typedef {object} Waiting
 * @property {number} top  how many
 * @property {(answer: Answer) => void} resolve
 * @property {(error: unknown) => void} reject
 */
/**
 * Questions that differ in what they group by, and in how many groups they want, asked at one time, are asked as one:
 * the server reads the flows once.
 * @typedef {object} Gathering
 * @property {Question} question
 * @property {AbortSignal | undefined} signal
 * @property {Map<string, Waiting[]>} waiting  by key
 */
/** @type {Map<string, Gathering>} */
const gathered = new Map();
/** Keys of a question at most. */
const keysMax = 8;

/** @param {string} name */
async function send(name) {
    const {question, signal, waiting} = /** @type {Gathering} */ (gathered.get(name));
    gathered.delete(name);
    const keys = [...waiting.keys()];
    const most = Math.max(...[...waiting.values()].flat().map(({top}) => top));
    const parameters = {...question.parameters, top: most};
    const tell = (/** @type {Waiting} */ {top, resolve}, /** @type {Answer} */ answer) =>
        resolve(top < answer.rows.length ? {...answer, rows: answer.rows.slice(0, top)} : answer);
    try {
        const answer = await asked({...question, parameters: {...parameters, by: keys}}, signal);
        const answers = keys.length > 1 ? answer.answers : [answer];
        keys.forEach((key, place) => waiting.get(key)?.forEach((one) => tell(one, answers[place])));
    } catch (error) {
        // A key that makes no sense is no reason to keep the answers of the others back.
        const isKey = error instanceof Refusal && error.status === 400 && keys.length > 1;
        for (const [by, those] of waiting) {
            const alone = isKey ? asked({...question, parameters: {...parameters, by}}, signal) : Promise.reject(error);
            alone.then((answer) => those.forEach((one) => tell(one, answer)), (reason) => those.forEach(({reject}) => reject(reason)));
        }
    }
}

/**
 * @param {Question} question
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
export function ask(question, signal) {
    const {by, top, ...rest} = question.parameters ?? {};
    if (question.path !== "query" || typeof by !== "string" || typeof top !== "number" || rest["series"]) return asked(question, signal);
    const name = addressOf({path: "query", parameters: rest});
    let found = gathered.get(name);
    if (found && (found.signal !== signal || found.waiting.size === keysMax && !found.waiting.has(by))) return asked(question, signal);
    if (!found) {
        found = {question, signal, waiting: new Map()};
        gathered.set(name, found);
        queueMicrotask(() => send(name));
    }
    const {waiting} = found;
    return new Promise((resolve, reject) => waiting.set(by, [
        ...waiting.get(by) ?? [], {top, resolve, reject},
    ]));
}

/** @type {About} */
let known = {version: "", store: "", configuration: null, fields: [], sets: [], home: [], overrides: []};
export const about = () => known;

export async function learn() {
    known = await fetched("/api/v1/about");
    return known;
}

/**
 * @typedef {object} Check
 * @property {boolean} well
 * @property {string[]} notes
 * @property {string} [message]
 * @property {number} [line]
 * @property {number} [from]
 * @property {number} [to]
 * @property {string | null} [suggestion]
 */

/**
 * @param {string} filter
 * @param {AbortSignal} signal
 * @returns {Promise<Check>}
 */
export const check = (filter, signal) =>
    fetched(`/api/v1/filter?filter=${encodeURIComponent(filter)}`, {signal});

/**
 * @param {number} id
 * @param {string} note
 * @returns {Promise<Answer>}
 */
export function acknowledge(id, note) {
    const parameters = new URLSearchParams({id: String(id)});
    if (note) parameters.set("note", note);
    return fetched(`/api/v1/alerts/acknowledge?${parameters}`, {method: "POST", headers: {"X-Skein-Request": "page"}});
}

/** @param {string} word */
export const quoted = (word) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** How a command is told of the server's configuration. */
export const configured = () => known.configuration ? ["--config", quoted(known.configuration)] : [];

const flags = new Set(["total", "overlap", "raw", "spread", "bidirectional", "utc"]);

/**
 * The command that asks the same.
 * @param {Question} question
 */
export function command(question) {
    const {filter, ...rest} = question.parameters ?? {};
    const [first, second] = question.path.split("/");
    const words = ["skein", first === "query" || first === "map" || first === "alerts" || first === "exporters"
        ? first : `intel ${second ?? ""}`];
    if (filter) words.push(quoted(String(filter)));
    for (const [name, value] of Object.entries(rest)) {
        if (value === undefined || value === "" || value === false) continue;
        if (name === "value") words.push(quoted(String(value)));
        else if (flags.has(name)) words.push(`--${name}`);
        else if (name === "from" || name === "to") words.push(`--${name}`, instant(Number(value)));
        else words.push(`--${name}`, quoted(String(value)));
    }
    if (first !== "intel") words.push("--store", quoted(known.store));
    // What is known better there (geo.overrides, exporters.overrides) and the lists that filters name.
    if (first !== "alerts") words.push(...configured());
    return words.join(" ");
}
