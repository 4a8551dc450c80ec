// @ts-check
// Groups and flows: any keys, any order, every value leads on; and how sources, services and destinations hang
// together.
import {fill, h, renew} from "./dom.js";
import {amount, moment, percent, rate, short, show} from "./format.js";
import {Panel} from "./panel.js";
import {sankey} from "./sankey.js";
import {go, span, state} from "./state.js";
import {pivot, table} from "./table.js";
import {keySelect, loadTraffic, metric, nothing, window_} from "./traffic.js";
import {keys, title} from "./words.js";

const columnsOfFlows = [
    "start", "duration", "proto", "srcip", "srcport", "dstip", "dstport", "flags", "packets", "bytes",
];
/** @type {[string, string][]} */
const further = [
    ["srcgeo", "Source country"], ["dstgeo", "Destination country"], ["srcas", "Source AS"], ["dstas", "Destination AS"],
    ["exporter", "Exporter"], ["inif", "Ingress"], ["outif", "Egress"], ["tos", "ToS"], ["end", "End"], ["bps", "bit/s"],
];
const pivots = new Set([
    "srcip", "dstip", "srcport", "dstport", "proto", "srcgeo", "dstgeo", "srcas", "dstas", "exporter", "inif", "outif", "tos",
]);
const pageRows = 200;
/** Rows of a file: as many as programs for tables take. */
const fileRows = 1_000_000;

/** @param {HTMLElement} place */
export function flows(place) {
    const tabs = h("div", {class: "segments", role: "group", "aria-label": "Show"});
    const controls = h("div", {class: "controls"});
    const chart = new Panel("Traffic", {className: "full short"});
    const main = new Panel("Groups", {className: "full", controls: [tabs, controls]});
    fill(place, h("h1", {class: "unseen"}, "Flows"), h("div", {class: "panels"}, chart.element, main.element));

    /** @param {AbortSignal} signal */
    function refresh(signal) {
        const {mode = "groups"} = state().more;
        renew(tabs, mode, () => [["groups", "Groups"], ["flows", "Flows"], ["paths", "Paths"]].map(([name, text]) => h("button", {
            type: "button", "aria-pressed": String(name === mode), onclick: () => go({more: {mode: name === "groups" ? "" : name ?? ""}}),
        }, text ?? "")));
        const by = chosenKeys();
        loadTraffic(chart, by[0] ?? "service", signal);
        main.rename(mode === "flows" ? "Flows" : mode === "paths" ? "Paths" : "Groups");
        if (mode === "flows") loadFlows(signal);
        else if (mode === "paths") loadPaths(signal);
        else loadGroups(by, signal);
    }

    function chosenKeys() { return (state().more["by"] || "srcip").split(",").filter(Boolean); }

    /**
     * @param {string[]} by
     * @param {AbortSignal} signal
     */
    function loadGroups(by, signal) {
        const counted = metric();
        const count = Number(state().more["top"] || 50);
        const put = (/** @type {string[]} */ keys) => go({more: {by: keys.join(",") === "srcip" ? "" : keys.join(",")}});
        renew(controls, `groups ${by.join(",")}`, () => [
            by.map((key, index) => h("span", {class: "chip"},
                keySelect(`Key ${index + 1}`, key, (chosen) => put(by.map((old, place) => place === index ? chosen : old))),
                by.length > 1 ? h("button", {
                    type: "button", class: "quiet", "aria-label": `Without ${title(key)}`,
                    onclick: () => put(by.filter((_, place) => place !== index)),
                }, "✕") : null)),
            by.length < 4 ? h("button", {
                type: "button", class: "small", title: "Group by another key too",
                onclick: () => put([...by, keys.map(([name]) => name).find((name) => !by.includes(name)) ?? "proto"]),
            }, "+ key") : null,
        ]);
        const seconds = (span().to - span().from) / 1000;
        main.load([{path: "query", parameters: {...window_(), by: by.join(","), order: counted, top: count}, file: {top: fileRows}}], signal, ([answer]) => {
            const rows = answer?.rows ?? [];
            if (rows.length === 0) return {content: nothing()};
            const most = Math.max(...rows.map((row) => row["share"]), 1e-9);
            // How many there are is not known where rollups tell which are the largest.
            const groups = answer?.footing["groups"] ?? (rows.length < count ? rows.length : Infinity);
            return {content: [
                table([
                    ...by.map((key, index) => ({
                        name: key, title: title(key), pivot: true, wide: index === 0,
                        ...(index === 0 ? {bar: (/** @type {any} */ row) => row["share"] / most} : {}),
                    })),
                    {name: "flows", title: "Flows", number: true, show: (row) => short(row["flows"])},
                    {name: "packets", title: "Packets", number: true, spare: true, show: (row) => short(row["packets"])},
                    {name: "bytes", title: "Octets", number: true, show: (row) => amount(row["bytes"], "bytes")},
                    {name: "rate", title: "Rate", number: true, spare: true, show: (row) => rate(row["bytes"], "bytes", seconds)},
                    {name: "share", title: "Share", number: true, show: (row) => percent(row["share"])},
                ], rows, {caption: `Groups by ${by.map(title).join(" and ")}`, sort: counted}),
                groups > rows.length ? h("div", {class: "actions"},
                    h("span", {class: "muted"}, groups === Infinity ? `the first ${short(rows.length)} groups` : `${short(rows.length)} of ${short(groups)} groups`),
                    count < 1000 ? h("button", {type: "button", onclick: () => go({more: {top: String(Math.min(1000, count * 4))}})}, "More") : null) : null,
            ]};
        });
    }

    /** @param {AbortSignal} signal */
    function loadFlows(signal) {
        const {more} = state();
        const sort = more["sort"] || "-bytes";
        const count = Number(more["count"] || pageRows);
        const extra = (more["columns"] || "").split(",").filter((name) => further.some(([known]) => known === name));
        renew(controls, `flows ${extra.join(",")}`, () => {
            const add = h("select", {"aria-label": "Another column", onchange: () => {
                const chosen = add.value;
                if (chosen) go({more: {columns: (extra.includes(chosen) ? extra.filter((name) => name !== chosen) : [...extra, chosen]).join(",")}});
            }}, h("option", {value: ""}, "Columns …"),
            further.map(([name, text]) => h("option", {value: name}, `${extra.includes(name) ? "− " : "+ "}${text}`)));
            return add;
        });
        const fields = [...columnsOfFlows, ...extra];
        main.load([{path: "query", parameters: {...window_(), fields: fields.join(","), sort, limit: count}, file: {limit: fileRows}}], signal, ([answer]) => {
            const rows = answer?.rows ?? [];
            if (rows.length === 0) return {content: nothing()};
            const numbers = new Set(["duration", "packets", "bytes", "bps", "srcport", "dstport"]);
            return {content: [
                table(fields.map((name) => ({
                    name, title: further.find(([known]) => known === name)?.[1] ?? heads[name] ?? name, number: numbers.has(name),
                    spare: ["flags", "packets", "duration", "srcport"].includes(name),
                    show: (/** @type {any} */ row) => name === "start" || name === "end" ? time(row[name]) : pivots.has(name) ? pivot(name, row[name], name === "srcport" ? String(row[name]) : undefined)
                        : name === "bps" ? short(row[name] ?? 0) : name === "flags" && row["proto"] !== 6 ? "" : show(name, row[name]),
                })), rows, {
                    caption: "Flows", sort: sort.replace("-", ""), ascending: !sort.startsWith("-"),
                    onSort: (name) => go({more: {sort: sort === `-${name}` ? name : `-${name}`}}),
                }),
                rows.length >= count ? h("div", {class: "actions"}, h("span", {class: "muted"}, `the first ${short(rows.length)}; a file has up to ${short(fileRows)}`),
                    count < 5000 ? h("button", {type: "button", onclick: () => go({more: {count: String(Math.min(5000, count * 3))}})}, "More") : null) : null,
            ]};
        });
    }

    /** @param {AbortSignal} signal */
    function loadPaths(signal) {
        const ends = state().more["ends"] || "srcip,dstip";
        const [source = "srcip", target = "dstip"] = ends.split(",");
        renew(controls, `paths ${ends}`, () => {
            const choice = h("select", {"aria-label": "Ends", onchange: () => go({more: {ends: choice.value}})},
                [["srcip,dstip", "Hosts"], ["srcip/24,dstip/24", "Networks /24"], ["srcgeo,dstgeo", "Countries"], ["srcas,dstas", "AS"]]
                    .map(([value, text]) => h("option", {value, selected: value === ends}, text ?? "")));
            return choice;
        });
        const by = [source, "service", target];
        main.load([{path: "query", parameters: {...window_(), by: by.join(","), order: metric(), top: 40}}], signal, ([answer]) => {
            const rows = answer?.rows ?? [];
            if (rows.length === 0) return {content: nothing()};
            const drawing = sankey(rows, by, metric());
            return {
                content: drawing.element, picture: drawing.picture,
                numbers: {
                    columns: [
                        ...by.map((key) => ({name: key, title: title(key), pivot: true})),
                        {name: metric(), title: "Amount", number: true, show: (row) => amount(row[metric()], metric())},
                        {name: "share", title: "Share", number: true, show: (row) => percent(row["share"])},
                    ], rows,
                },
            };
        });
    }

    return {refresh};
}

/**
 * A moment without what the span says already; the whole of it is a hover away.
 * @param {number | null} value
 */
function time(value) {
    if (value === null) return "—";
    const {from, to} = span();
    const text = moment(value, true);
    const sameDay = moment(from).slice(0, 10) === moment(to - 1).slice(0, 10);
    return h("span", {title: text}, sameDay ? text.slice(11) : text.slice(5, 19));
}

/** @type {{[name: string]: string}} */
const heads = {
    start: "Start", duration: "Took", proto: "Proto", srcip: "Source", srcport: "Port", dstip: "Destination",
    dstport: "Service", flags: "Flags", packets: "Packets", bytes: "Octets",
};
