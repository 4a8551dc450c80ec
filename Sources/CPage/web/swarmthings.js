// @ts-check
// What of a swarm can be asked about: nodes and streams by name, in words, as a filter; and the one that is kept.
import {command} from "./api.js";
import {fill, h} from "./dom.js";
import {amount, short, whole} from "./format.js";
import {address, both, go, next, state} from "./state.js";
import {colors} from "./swarmlook.js";
import {marks} from "./swarmwire.js";

/** @typedef {import("./swarmwire.js").Header} Header */
/** @typedef {import("./swarmwire.js").Node_} Node_ */
/** @typedef {import("./swarmwire.js").Scene} Scene */
/** @typedef {import("./swarmwire.js").Stream} Stream */
/**
 * A node, or a stream between two. Slots are given to others in time, so both are known by their names.
 * @typedef {{node: Node_, stream?: undefined} | {stream: Stream, from: Node_, to: Node_, node?: undefined}} Thing
 */
/**
 * A thing in a step.
 * @typedef {object} Known
 * @property {string} title
 * @property {import("./swarmwire.js").Sums} sums
 * @property {string} note  what is remarkable of it
 * @property {string} more
 * @property {string} filter  "" where none says it
 * @property {boolean} isExact  whether the filter takes its flows and no others
 */

/** Marks, as they are called, as they look, their colours. */
export const told = /** @type {[string, string, number, number][]} */ ([
    ["listed host", "a red ring that pulses: an address of the indicator lists", colors.listed, marks.listed],
    ["scan", "a yellow fan: asks many, and few answer", colors.scans, marks.scans],
    ["flood", "an orange cone: asked by many, and answers few", colors.flooded, marks.flooded],
    ["beacon", "a ring that spreads: as regular as a clock", colors.beacons, marks.beacons],
    ["upload", "a magenta beam: sends out far more than it gets", colors.uploads, marks.uploads],
]);

/** @param {number} bits */
export const markText = (bits) => told.filter(([, , , mark]) => bits & mark).map(([name]) => name).join(", ");

/**
 * The node of the same name, wherever it is now.
 * @param {Scene} scene
 * @param {Node_} node
 */
const again = (scene, node) => scene.nodes.find(({name}) => name.kind === node.name.kind && name.text === node.name.text);

/**
 * The filter that holds for a node's flows; "" where there is none.
 * @param {Node_} node
 * @param {"" | "src " | "dst "} side
 */
function term(node, side) {
    const {kind, text} = node.name;
    if (kind === "host") return `${side}ip ${text}`;
    if (kind === "network") return `${side}net ${text}`;
    if (kind === "country") return side ? `${side}geo ${text}` : `country ${text}`;
    return "";
}

/**
 * @param {Thing} thing
 * @param {Scene} scene
 * @param {Header} header
 * @returns {Known}
 */
export function describe(thing, scene, header) {
    if (thing.node) {
        const node = again(scene, thing.node);
        const streams = scene.streams.filter((stream) => node && (stream.source === node.slot || stream.target === node.slot));
        return {
            title: thing.node.name.text, sums: node?.sums ?? {flows: 0, packets: 0, bytes: 0}, note: node ? markText(node.marks) : "not in this step",
            more: `${whole(streams.length)} streams`, filter: term(thing.node, ""), isExact: thing.node.name.kind === "host",
        };
    }
    const [from, to] = [again(scene, thing.from)?.slot, again(scene, thing.to)?.slot];
    const stream = scene.streams.find((stream) => stream.source === from && stream.target === to && stream.service === thing.stream.service);
    const service = header.services[thing.stream.service]?.name ?? "others";
    const parts = [term(thing.from, "src "), term(thing.to, "dst "), service === "others" ? "" : `service ${service}`].filter(Boolean);
    return {
        title: `${thing.from.name.text} → ${thing.to.name.text}, ${service}`, sums: stream?.sums ?? {flows: 0, packets: 0, bytes: 0},
        note: stream ? markText(stream.marks) : "not in this step", more: `${whole(stream?.edges ?? 0)} pairs of hosts`, filter: parts.join(" and "),
        isExact: thing.from.name.kind === "host" && thing.to.name.kind === "host" && service !== "others",
    };
}

/**
 * What is kept to be looked at: its numbers change with the steps, what can be pressed stays where it is.
 * @param {{follow: (name: string) => void, drop: () => void}} act
 */
export function detail(act) {
    const element = h("div", {class: "swarm-detail"});
    const heading = h("h3"), note = h("p", {class: "warn"}), numbers = h("p"), query = h("pre", {class: "command", tabindex: "0"});
    const wide = h("p", {class: "muted"});
    /** @type {Partial<import("./state.js").State>} */
    let change = {};
    const flows = h("a", {class: "button", href: "/", onclick: (/** @type {MouseEvent} */ event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(change);
    }}, "Its flows");
    const follow = h("button", {type: "button", onclick: () => act.follow(heading.textContent ?? "")}, "Follow");
    const parts = [heading, note, numbers, query, wide,
        h("div", {class: "actions"}, flows, follow, h("button", {type: "button", onclick: () => act.drop()}, "Let go"))];

    /**
     * @param {Thing | undefined} thing  none: nothing is kept
     * @param {Scene | undefined} scene
     * @param {Header | undefined} header
     * @param {boolean} isLive
     */
    function show(thing, scene, header, isLive) {
        if (!thing || !scene || !header) return fill(element);
        const known = describe(thing, scene, header);
        const from = scene.number * header.step, to = from + header.step;
        const filter = known.filter ? both(state().filter, known.filter) : state().filter;
        change = {view: "flows", filter, from: String(from), to: String(to), more: {mode: "flows"}};
        heading.textContent = known.title;
        note.textContent = known.note;
        note.hidden = !known.note;
        numbers.textContent = `${short(Number(known.sums.flows))} flows, ${short(Number(known.sums.packets))} packets, ${amount(Number(known.sums.bytes), "bytes")} in this step · ${known.more}`;
        query.textContent = command({path: "query", parameters: {filter, from, to, overlap: true}});
        wide.textContent = isLive ? "Live, a flow counts when it arrives; the command, and the flows, go by the flow's own time."
            : "The command, and the flows, have those of members too that stand in the picture by themselves, or as another service.";
        wide.hidden = known.isExact && !isLive;
        flows.href = address(next(change));
        follow.hidden = thing.node?.name.kind !== "host";
        if (!heading.isConnected) fill(element, parts);
    }

    return {element, show};
}
