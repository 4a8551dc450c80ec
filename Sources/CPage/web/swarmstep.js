// @ts-check
// A step in words: what is told of it, and its largest nodes.
import {fill, h} from "./dom.js";
import {amount, short, whole} from "./format.js";
import {css} from "./swarmlook.js";
import {markText, told} from "./swarmthings.js";
import {table} from "./table.js";

/** @typedef {import("./swarmwire.js").Signal} Signal */
/** @typedef {import("./swarmwire.js").Scene} Scene */

/** Signals and nodes that are listed. */
const [signalsMax, nodesMax] = [7, 12];

/** @param {number} number */
function serviceText(number) {
    const [protocol, port] = [number >> 16, number & 0xffff];
    const word = protocol === 6 ? "tcp" : protocol === 17 ? "udp" : String(protocol);
    return `${word}/${port}`;
}

/** @param {(node: import("./swarmwire.js").Node_) => void} choose */
export function stepLists(choose) {
    const signals = h("ul", {class: "swarm-signals", "aria-label": "Told of this step"});
    const list = h("div", {class: "swarm-list"});
    let toldAt = 0, listedAt = 0;
    /** @type {Scene | undefined} */
    let shown;

    /** @param {string} name */
    const host = (name) => h("button", {type: "button", class: "value", onclick: () => {
        const node = shown?.nodes.find((node) => node.name.text === name);
        if (node) choose(node);
    }}, name);

    /** @param {Signal} signal */
    function says(signal) {
        const service = signal.service < 0 ? "" : `, ${serviceText(signal.service)}`;
        switch (signal.kind) {
            case "scan": return ["scan: ", host(signal.subject), ` → ${whole(signal.count)} hosts${service}`];
            case "port scan": return ["port scan: ", host(signal.subject), " → ", host(signal.object), `, ${whole(signal.count)} services`];
            case "flood": return [`flood: ${whole(signal.count)} hosts → `, host(signal.subject), service];
            case "listed": return ["listed: ", host(signal.subject), " ↔ ", host(signal.object), service];
            case "upload": return ["upload: ", host(signal.subject), " → ", host(signal.object), `${service}, ${short(Number(signal.sums.bytes), "B")}`];
            default: return ["beacon: ", host(signal.subject), " → ", host(signal.object), service];
        }
    }

    /** @param {HTMLElement} element */
    const isUsed = (element) => element.matches(":hover") || element.contains(document.activeElement);

    /**
     * @param {Scene} scene
     * @param {boolean} isPlaying  the next one comes soon: what somebody is about to press stays
     * @returns {boolean} whether the nodes were listed anew
     */
    function draw(scene, isPlaying) {
        const now = performance.now();
        // Ten times a second is as often as anybody reads.
        if (!isPlaying || now - toldAt >= 100 && !isUsed(signals)) {
            toldAt = now;
            shown = scene;
            fill(signals, scene.signals.length === 0 ? h("li", {class: "muted"}, "nothing remarkable") : scene.signals.slice(0, signalsMax).map((signal) => {
                const color = told.find(([name]) => name.startsWith(signal.kind.replace("port ", "").replace("listed", "listed host")))?.[2] ?? 0;
                return h("li", {}, h("span", {class: "swatch", style: {background: css(color)}}), says(signal));
            }));
        }
        if (isPlaying && (now - listedAt < 1000 || isUsed(list))) return false;
        listedAt = now;
        const rows = [...scene.nodes].sort((a, b) => Number(b.sums.bytes) - Number(a.sums.bytes)).slice(0, nodesMax).map((node) => ({
            name: node.name.text, flows: Number(node.sums.flows), bytes: Number(node.sums.bytes), told: markText(node.marks), node,
        }));
        fill(list, table([
            {name: "name", title: "Node", wide: true, show: (row) => h("button", {type: "button", class: "value", onclick: () => choose(row["node"])}, row["name"])},
            {name: "told", title: "Told", spare: true, show: (row) => row["told"]},
            {name: "flows", title: "Flows", number: true, show: (row) => short(row["flows"])},
            {name: "bytes", title: "Octets", number: true, show: (row) => amount(row["bytes"], "bytes")},
        ], rows, {caption: "Largest nodes of this step"}));
        return true;
    }

    return {signals, list, draw};
}
