// @ts-check
// Who talks to whom about what: bands from sources over services to destinations, as wide as their traffic.
import {colours, rest} from "./chart.js";
import {fill, h, s} from "./dom.js";
import {amount, percent, show, term} from "./format.js";
import {hideTip, showTip} from "./overlay.js";
import {both, go, state} from "./state.js";
import {title} from "./words.js";

/** @typedef {{key: string, value: any, name: string, sum: number, y: number, height: number, colour: string, out: number, into: number}} Knot */

const nodeWidth = 10, least = 3;
/** Of a letter, at most of those that names have. */
const letter = 6.8;

/** @param {string} name @param {number} width  pixels that there are for it */
function cut(name, width) {
    const most = Math.max(4, Math.floor(width / letter));
    return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}

/**
 * @param {import("./api.js").Row[]} rows
 * @param {string[]} by  three keys
 * @param {string} metric
 */
export function sankey(rows, by, metric) {
    const svg = s("svg", {class: "sankey", role: "img", "aria-label": "Sources, services and destinations; the same as a table is in the menu"});
    const plot = h("div", {class: "sankey-plot"}, svg);
    const whole = rows.reduce((sum, row) => sum + row[metric], 0) || 1;
    const columns = by.map((key) => {
        /** @type {Map<string, Knot>} */
        const knots = new Map();
        for (const row of rows) {
            const id = String(row[key]);
            const knot = knots.get(id) ?? {
                key, value: row[key], name: show(key, row[key]), sum: 0, y: 0, height: 0, colour: rest, out: 0, into: 0,
            };
            knot.sum += row[metric];
            knots.set(id, knot);
        }
        return new Map([...knots].sort((a, b) => b[1].sum - a[1].sum));
    });
    [...(columns[1]?.values() ?? [])].forEach((knot, index) => { knot.colour = colours[index] ?? rest; });

    function draw() {
        const width = plot.clientWidth;
        if (width < 80) return;
        const most = Math.max(...columns.map((column) => column.size));
        const wanted = Math.max(240, Math.min(620, most * 22));
        // On a phone names stand between the columns: each has a line of its own, and ends before the next column's.
        const isNarrow = width < 560;
        const gap = isNarrow ? 12 : 9;
        const label = isNarrow ? 0 : Math.min(200, width * 0.2);
        const scale = (wanted - Math.min(wanted / 2, gap * (most - 1))) / whole;
        // What is small is drawn larger than it is, so a column may need more than was wanted.
        const needs = columns.map((column) => [...column.values()].reduce((sum, knot) => sum + Math.max(least, knot.sum * scale) + gap, 4));
        const height = Math.max(...needs);
        svg.setAttribute("viewBox", `0 0 ${width} ${height + 22}`);
        svg.style.height = `${height + 22}px`;
        const places = [label, (width - nodeWidth) * (isNarrow ? 0.42 : 0.5), width - nodeWidth - label];
        const service = 9 * letter;
        const room = isNarrow ? [(places[1] ?? 0) - nodeWidth - 12, service, (places[2] ?? 0) - (places[1] ?? 0) - nodeWidth - service - 18] : [label, 999, label];
        columns.forEach((column, index) => {
            let y = 22 + (height - (needs[index] ?? 0)) / 2;
            for (const knot of column.values()) {
                Object.assign(knot, {y, height: Math.max(least, knot.sum * scale), out: 0, into: 0});
                y += knot.height + gap;
            }
        });
        /** @type {Map<string, {from: Knot, to: Knot, amount: number, colour: string, side: number}>} */
        const bands = new Map();
        for (const row of rows) {
            const knots = columns.map((column, index) => column.get(String(row[by[index] ?? ""])));
            for (const side of [0, 1]) {
                const [from, to, middle] = [knots[side], knots[side + 1], knots[1]];
                if (!from || !to || !middle) continue;
                const id = `${side}\t${from.name}\t${to.name}`;
                const band = bands.get(id) ?? {from, to, amount: 0, colour: middle.colour, side};
                band.amount += row[metric];
                bands.set(id, band);
            }
        }
        const ordered = [...bands.values()].sort((a, b) => a.from.y - b.from.y || a.to.y - b.to.y);
        fill(svg,
            by.map((key, index) => s("text", {
                class: "head", x: index === 0 ? places[0] : index === 1 ? (places[1] ?? 0) + nodeWidth / 2 : (places[2] ?? 0) + nodeWidth, y: 12,
                "text-anchor": ["start", "middle", "end"][index],
            }, title(key))),
            ordered.map((band) => {
                const thick = Math.max(1, band.amount * scale);
                const [x0, x1] = [(places[band.side] ?? 0) + nodeWidth, places[band.side + 1] ?? 0];
                const [y0, y1] = [band.from.y + band.from.out, band.to.y + band.to.into];
                band.from.out += thick;
                band.to.into += thick;
                const middle = (x0 + x1) / 2;
                return s("path", {
                    class: "band", fill: band.colour,
                    d: `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}v${thick}C${middle} ${y1 + thick} ${middle} ${y0 + thick} ${x0} ${y0 + thick}Z`,
                    onpointermove: (/** @type {PointerEvent} */ event) => showTip(event.clientX, event.clientY,
                        h("div", {class: "tip-head"}, `${band.from.name} → ${band.to.name}`),
                        `${amount(band.amount, metric)} · ${percent(band.amount / whole)} of what is shown`),
                    onpointerleave: hideTip,
                });
            }),
            columns.map((column, index) => [...column.values()].map((knot) => {
                const x = places[index] ?? 0;
                const inside = index === 1 || isNarrow;
                // The number says it; the word is in the tip.
                const name = isNarrow && index === 1 ? String(knot.value) : knot.name;
                const only = term(knot.key, knot.value);
                const choose = () => { hideTip(); if (only) go({filter: both(state().filter, only)}); };
                return s("g", {
                    class: "knot", tabindex: only ? 0 : undefined, role: only ? "button" : undefined, "aria-label": `${knot.name}, ${amount(knot.sum, metric)}: only this`,
                    onclick: choose, onkeydown: (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter") choose(); },
                    onpointermove: (/** @type {PointerEvent} */ event) => showTip(event.clientX, event.clientY,
                        h("div", {class: "tip-head"}, knot.name), `${amount(knot.sum, metric)} · ${percent(knot.sum / whole)} of what is shown`),
                    onpointerleave: hideTip,
                }, s("rect", {x, y: knot.y, width: nodeWidth, height: knot.height, fill: index === 1 ? knot.colour : "var(--knot)", rx: 1.5}),
                knot.height + gap < 12 ? null : s("text", {
                    x: inside ? (index === 2 ? x - 5 : x + nodeWidth + 5) : index === 0 ? x - 6 : x + nodeWidth + 6,
                    y: knot.y + knot.height / 2 + 3.5, "text-anchor": index === 0 ? (inside ? "start" : "end") : index === 2 ? (inside ? "end" : "start") : "start",
                }, cut(name, room[index] ?? 999)));
            })));
    }
    new ResizeObserver(draw).observe(plot);
    return {element: plot, picture: () => svg};
}
