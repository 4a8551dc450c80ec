// @ts-check
// Amounts over time, stacked: with a tip under the pointer, zoom by dragging, arrow keys.
import {fill, h, s} from "./dom.js";
import {clock, day, moment, rate, short} from "./format.js";
import {hideTip, showTip} from "./overlay.js";

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} colour
 * @property {number[]} values
 * @property {() => void} [pick]
 */
/**
 * @typedef {object} Stack
 * @property {string} label
 * @property {string} metric
 * @property {number[]} times   where buckets begin
 * @property {number} step      their length, ms
 * @property {number} end       where the last one ends: a running bucket is shorter than the others
 * @property {Series[]} series  the lowest first
 * @property {number[]} [before]  the whole in the period before
 * @property {(from: number, to: number) => void} [zoom]
 */

const left = 58, right = 10, top = 8, bottom = 22;

/**
 * Round places for an axis from 0 to at least `most`.
 * @param {number} most
 * @param {number} count
 */
export function ticks(most, count) {
    if (!(most > 0)) return [0, 1];
    const rough = most / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10);
    const places = [];
    for (let place = 0; place < most + step * 0.999; place += step) places.push(place);
    return places;
}

const lengths = [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800]
    .map((seconds) => seconds * 1000);

/**
 * @param {number} from
 * @param {number} to
 * @param {number} count
 */
function timeTicks(from, to, count) {
    const length = lengths.find((length) => (to - from) / length <= count) ?? 604_800_000;
    const shift = new Date(from).getTimezoneOffset() * 60_000;
    const places = [];
    for (let time = Math.ceil((from - shift) / length) * length + shift; time <= to; time += length) places.push(time);
    return {places, length};
}

/**
 * What was hidden by a click in a legend, by what the chart shows: it stays hidden when an answer comes anew.
 * @type {Map<string, Set<string>>}
 */
const hiddenIn = new Map();

/**
 * @param {Stack} stack
 * @returns {{element: HTMLElement, picture: () => SVGSVGElement}}
 */
export function stackedChart(stack) {
    const svg = s("svg", {class: "chart", role: "img", "aria-label": stack.label, tabindex: "0"});
    const plot = h("div", {class: "plot"}, svg);
    const hidden = hiddenIn.get(stack.label) ?? new Set();
    hiddenIn.set(stack.label, hidden);
    const legend = h("ul", {class: "legend"}, [...stack.series].reverse().map((series) => {
        const sum = series.values.reduce((total, value) => total + value, 0);
        const toggle = h("button", {
            type: "button", "aria-pressed": String(!hidden.has(series.name)), title: "Show or hide",
            onclick: () => {
                if (!hidden.delete(series.name)) hidden.add(series.name);
                toggle.setAttribute("aria-pressed", String(!hidden.has(series.name)));
                draw();
            },
        }, h("span", {class: "swatch", style: {background: series.colour}}), series.name,
        h("span", {class: "sum"}, short(sum, stack.metric === "bytes" ? "B" : "")));
        return h("li", {}, toggle);
    }));
    const element = h("div", {class: "stack"}, plot, legend);
    const count = stack.times.length;
    /** @param {number} index */
    const seconds = (index) => Math.max(1, (Math.min((stack.times[index] ?? 0) + stack.step, stack.end) - (stack.times[index] ?? 0)) / 1000);

    let width = 0;
    let height = 0;
    let most = 1;
    /** @type {SVGLineElement} */
    let cursor = s("line");
    /** @type {SVGRectElement} */
    let brush = s("rect");
    let brushFrom = -1;
    let at = -1;

    const from = stack.times[0] ?? 0;
    const to = Math.max(stack.end, from + 1);
    const x = (/** @type {number} */ time) => left + (time - from) / (to - from) * (width - left - right);
    const y = (/** @type {number} */ value) => height - bottom - value / most * (height - top - bottom);
    const middle = (/** @type {number} */ index) => x(((stack.times[index] ?? 0) + Math.min((stack.times[index] ?? 0) + stack.step, stack.end)) / 2);

    function draw() {
        width = plot.clientWidth;
        height = plot.clientHeight;
        if (width < 80 || height < 60) return;
        svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
        const shown = stack.series.filter((series) => !hidden.has(series.name));
        const tops = new Array(count).fill(0);
        /** @type {[Series, number[], number[]][]} */
        const layers = shown.map((series) => {
            const low = tops.slice();
            series.values.forEach((value, index) => { tops[index] += value / seconds(index); });
            return [series, low, tops.slice()];
        });
        const past = stack.before?.map((value) => value / (stack.step / 1000));
        most = Math.max(...tops, ...(past ?? []), 1e-9);
        const scale = ticks(most * (stack.metric === "bytes" ? 8 : 1), height > 200 ? 5 : 3)
            .map((tick) => tick / (stack.metric === "bytes" ? 8 : 1));
        most = Math.max(most, scale[scale.length - 1] ?? most);
        const columns = timeTicks(from, to, Math.max(2, Math.floor(width / 92)));
        cursor = s("line", {class: "cursor", y1: top, y2: height - bottom, visibility: "hidden"});
        brush = s("rect", {class: "brush", y: top, height: height - top - bottom, visibility: "hidden"});
        fill(svg,
            s("g", {class: "grid"},
                scale.map((tick) => [
                    s("line", {x1: left, x2: width - right, y1: y(tick), y2: y(tick)}),
                    s("text", {x: left - 6, y: y(tick) + 3.5, "text-anchor": "end"}, tick === 0 ? "0" : rate(tick, stack.metric, 1).replace(/\.0+(?=\D|$)/, "")),
                ]),
                columns.places.map((time) => s("text", {
                    x: x(time), y: height - 6,
                    "text-anchor": x(time) > width - 30 ? "end" : x(time) < left + 18 ? "start" : "middle",
                }, columns.length >= 86_400_000 ? day(time).slice(5) : clock(time)))),
            layers.map(([series, low, high]) => s("path", {
                class: "layer", fill: series.colour, stroke: series.colour, d: area(low, high),
            })),
            past ? s("path", {class: "before", d: line(past)}) : null,
            cursor, brush,
            s("rect", {class: "catch", x: left, y: 0, width: width - left - right, height, fill: "transparent"}));
    }

    /** @param {number[]} values */
    const line = (values) => values.slice(0, count).map((value, index) => `${index === 0 ? "M" : "L"}${middle(index).toFixed(1)} ${y(value).toFixed(1)}`).join("");

    /**
     * Few buckets are drawn as steps, many as one outline.
     * @param {number[]} low
     * @param {number[]} high
     */
    function area(low, high) {
        const point = (/** @type {number} */ index, /** @type {number} */ value) => `${middle(index).toFixed(1)} ${y(value).toFixed(1)}`;
        if (count === 0) return "";
        const edge = [x(from), x(to)];
        const up = high.map((value, index) => point(index, value));
        const down = low.map((value, index) => point(index, value)).reverse();
        return `M${edge[0]?.toFixed(1)} ${y(high[0] ?? 0).toFixed(1)}L${up.join("L")}L${edge[1]?.toFixed(1)} ${y(high[count - 1] ?? 0).toFixed(1)}`
            + `L${edge[1]?.toFixed(1)} ${y(low[count - 1] ?? 0).toFixed(1)}L${down.join("L")}L${edge[0]?.toFixed(1)} ${y(low[0] ?? 0).toFixed(1)}z`;
    }

    /** @param {number} clientX */
    function indexAt(clientX) {
        const place = clientX - svg.getBoundingClientRect().left;
        const time = from + (place - left) / Math.max(1, width - left - right) * (to - from);
        return Math.max(0, Math.min(count - 1, Math.floor((time - from) / stack.step)));
    }

    /**
     * @param {number} index
     * @param {number} [clientY]
     */
    function point(index, clientY) {
        at = index;
        const place = middle(index);
        cursor.setAttribute("x1", String(place));
        cursor.setAttribute("x2", String(place));
        cursor.setAttribute("visibility", "visible");
        const rows = stack.series.filter((series) => !hidden.has(series.name))
            .map((series) => ({series, value: series.values[index] ?? 0})).reverse();
        const sum = rows.reduce((total, row) => total + row.value, 0);
        const box = svg.getBoundingClientRect();
        const past = stack.before?.[index];
        showTip(box.left + place, clientY ?? box.top + box.height / 2,
            h("div", {class: "tip-head"}, moment(stack.times[index] ?? 0)),
            h("table", {}, rows.filter((row) => row.value > 0).map((row) => h("tr", {},
                h("td", {}, h("span", {class: "swatch", style: {background: row.series.colour}}), row.series.name),
                h("td", {class: "number"}, rate(row.value, stack.metric, seconds(index))))),
            h("tr", {class: "sum"}, h("td", {}, "together"), h("td", {class: "number"}, rate(sum, stack.metric, seconds(index)))),
            past === undefined ? null : h("tr", {}, h("td", {}, "before"), h("td", {class: "number"}, rate(past, stack.metric, stack.step / 1000)))));
    }

    function leave() {
        hideTip();
        at = -1;
        cursor.setAttribute("visibility", "hidden");
    }

    svg.addEventListener("pointermove", (event) => {
        if (count === 0) return;
        const index = indexAt(event.clientX);
        point(index, event.clientY);
        if (brushFrom >= 0) {
            const [a, b] = [Math.min(brushFrom, index), Math.max(brushFrom, index)];
            brush.setAttribute("x", String(x(stack.times[a] ?? 0)));
            brush.setAttribute("width", String(x(Math.min((stack.times[b] ?? 0) + stack.step, stack.end)) - x(stack.times[a] ?? 0)));
            brush.setAttribute("visibility", a === b ? "hidden" : "visible");
        }
    });
    svg.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || count === 0 || event.pointerType === "touch") return;
        brushFrom = indexAt(event.clientX);
        svg.setPointerCapture(event.pointerId);
        event.preventDefault();
        svg.focus({preventScroll: true});
    });
    svg.addEventListener("pointerup", (event) => {
        const [start, end] = [brushFrom, count > 0 ? indexAt(event.clientX) : 0];
        brushFrom = -1;
        brush.setAttribute("visibility", "hidden");
        if (start >= 0 && start !== end && stack.zoom) {
            hideTip();
            stack.zoom(stack.times[Math.min(start, end)] ?? 0, (stack.times[Math.max(start, end)] ?? 0) + stack.step);
        }
    });
    svg.addEventListener("pointerleave", () => { if (brushFrom < 0) leave(); });
    svg.addEventListener("blur", leave);
    svg.addEventListener("keydown", (event) => {
        const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (step !== 0 && count > 0) {
            event.preventDefault();
            point(Math.max(0, Math.min(count - 1, at < 0 ? count - 1 : at + step)));
        }
        if (event.key === "Enter" && at >= 0) stack.zoom?.(stack.times[at] ?? 0, (stack.times[at] ?? 0) + stack.step);
    });
    new ResizeObserver(draw).observe(plot);
    return {element, picture: () => svg};
}

/** Eight colours that people of any colour vision tell apart (Okabe and Ito, 2008), and grey for the rest. */
export const colours = [
    "var(--c0)", "var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)", "var(--c6)", "var(--c7)",
];
export const rest = "var(--rest)";
