// @ts-check
// Begins: the header, the view of the address, the keys, and what is looked at again and again.
import {learn} from "./api.js";
import {alerts} from "./alerts.js";
import {exporters} from "./exporters.js";
import {flows} from "./flows.js";
import {header} from "./header.js";
import {help} from "./help.js";
import {intel} from "./intel.js";
import {hush, listen} from "./live.js";
import {map} from "./map.js";
import {overview} from "./overview.js";
import {fill, h} from "./dom.js";
import {ask, isStranger, meet, onLost} from "./session.js";
import {go, onChange, span, state, views} from "./state.js";

/**
 * A view that is shown: it draws itself into `place`, and again when what is looked at changes.
 * @typedef {object} View
 * @property {(signal: AbortSignal) => void} refresh
 * @property {number} [every]  ms between two looks while the time goes on
 * @property {() => void} [leave]
 */

/** @type {{[name: string]: (place: HTMLElement) => View}} */
const makers = {"": overview, map, flows, alerts, exporters, intel};
/**
 * Views that are fetched when they are looked at first: as large as all others together.
 * @type {{[name: string]: () => Promise<(place: HTMLElement) => View>}}
 */
const later = {swarm: async () => (await import("./swarm.js")).swarm};

const place = /** @type {HTMLElement} */ (document.getElementById("main"));
const head = header();
/** @type {View | undefined} */
let view;
let shown = "?";
let controller = new AbortController();
let timer = 0;
/** Nobody has said who they are yet. */
let isLocked = true;

function render() {
    if (isLocked) return;
    const now = state();
    head.update();
    // Whoever goes on does not wait for what was asked before.
    controller.abort();
    controller = new AbortController();
    if (shown !== now.view) {
        view?.leave?.();
        shown = now.view;
        place.replaceChildren();
        view = makers[now.view]?.(place);
        if (!view) fetchView(now.view);
    }
    refresh();
}

/** @param {string} name */
async function fetchView(name) {
    let make;
    try {
        make = await later[name]?.();
    } catch {
        if (shown === name) fill(place, h("p", {class: "trouble", role: "alert"}, "The server does not answer; load the page again."));
    }
    if (!make) return;
    makers[name] = make;
    if (shown !== name || isLocked || view) return;
    view = make(place);
    refresh();
}

function refresh() {
    clearTimeout(timer);
    if (isLocked) return;
    view?.refresh(controller.signal);
    const {step, isLive} = span();
    const every = view?.every ?? Math.max(10_000, Math.min(step, 60_000));
    if (isLive || view?.every) timer = window.setTimeout(again, every);
}

function again() {
    // Nothing moves under an open menu or what somebody reads, nor where nobody looks.
    if (document.hidden || document.querySelector(".menu, dialog[open], tr.detail")) timer = window.setTimeout(again, 2000);
    else refresh();
}

onChange(render);

addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (isLocked || event.ctrlKey || event.metaKey || event.altKey || target.closest("input,textarea,select,dialog,.menu")) return;
    const digit = Number(event.key) - 1;
    if (event.key === "/") head.focus();
    else if (event.key === "?") help();
    else if (event.key === "l") head.toggleLive();
    else if (event.key === "c") head.toggleCompare();
    else if (event.key === "t") head.turn();
    else if (event.key === "[") head.move(-1);
    else if (event.key === "]") head.move(1);
    else if (event.key === "z") widen();
    else if (digit >= 0 && digit < views.length) go({view: views[digit] ?? "", more: {}});
    else return;
    event.preventDefault();
});

function widen() {
    const {from, to} = span();
    const more = Math.round((to - from) / 2);
    go({from: String(from - more), to: String(Math.min(to + more, Math.max(Date.now(), to)))});
}

/** Begins to look, and after a login goes on where one was: that is in the address. */
function begin() {
    isLocked = false;
    document.body.classList.remove("locked");
    head.greet();
    render();
    listen();
}

async function letIn() {
    document.body.classList.add("locked");
    do await ask(place); while (isStranger());
    await learn();
    begin();
}

// What was shown is taken away: whoever sits there now need not be who sat there.
onLost(() => {
    if (isLocked) return;
    isLocked = true;
    clearTimeout(timer);
    hush();
    controller.abort();
    view?.leave?.();
    view = undefined;
    shown = "?";
    for (const element of document.querySelectorAll("dialog, .menu, .tip")) element.remove();
    letIn();
});

try {
    // Both at once: mostly nobody is asked who they are, or it is known.
    const [, told] = await Promise.allSettled([meet(), learn()]);
    if (isStranger()) await letIn();
    else if (told.status === "rejected") throw told.reason;
    else begin();
} catch {
    fill(place, h("p", {class: "trouble"}, "The server does not answer."));
}
