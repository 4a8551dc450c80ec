// @ts-check
// Traffic over time, stacked by a key: the largest values of the key, and everything else.
import {colours, rest, stackedChart} from "./chart.js";
import {h} from "./dom.js";
import {amount, moment, show} from "./format.js";
import {before, both, go, span, state} from "./state.js";
import {keys, title} from "./words.js";

/** @typedef {import("./panel.js").Panel} Panel */

export const metric = () => state().more["metric"] || "bytes";

/** The parameters of every question about the time looked at. */
export function window_() {
    const {from, to} = span();
    return {filter: state().filter, from, to};
}

/** The length of the chart's buckets, as the interface takes it. */
export const series = () => `${span().step / 1000}s`;

/**
 * A choice of keys.
 * @param {string} label
 * @param {string} chosen
 * @param {(key: string) => void} choose
 */
export function keySelect(label, chosen, choose) {
    const select = h("select", {"aria-label": label, onchange: () => choose(select.value)},
        keys.map(([name, title]) => h("option", {value: name, selected: name === chosen}, title)));
    return select;
}

/**
 * The list of a key's values as a term.
 * @param {string} key
 * @param {any[]} values
 */
const among = (key, values) => `${key.replace(/\/.*$/, "")} in [${values.join(" ")}]`;

/**
 * @param {Panel} panel
 * @param {string} key
 * @param {AbortSignal} signal
 */
export function loadTraffic(panel, key, signal) {
    const here = span();
    const counted = metric();
    const parameters = window_();
    const step = series();
    return panel.run(
        {path: "query", parameters: {...parameters, series: step, by: key}}, signal, async (ask) => {
            const isCompared = Boolean(state().more["compare"]);
            const past = before(here);
            const [top, whole, earlier] = await Promise.all([
                ask({path: "query", parameters: {...parameters, by: key, order: counted, top: 8}}),
                ask({path: "query", parameters: {...parameters, series: step}}),
                isCompared ? ask({path: "query", parameters: {...parameters, from: past.from, to: past.to, series: step}}) : null,
            ]);
            const values = top.rows.map((row) => row[key]).filter((value) => value !== null);
            const parts = values.length === 0 ? {rows: []} : await ask({
                path: "query", parameters: {...parameters, filter: both(parameters.filter, among(key, values)), series: step, by: key},
            });
            /** @type {number[]} */
            const times = [];
            for (let time = here.from; time < here.to; time += here.step) times.push(time);
            const place = (/** @type {number} */ start) => Math.floor((start - here.from) / here.step);
            const sums = times.map(() => 0);
            for (const row of whole.rows) {
                const index = place(row["start"]);
                if (index >= 0 && index < sums.length) sums[index] = row[counted];
            }
            const others = sums.slice();
            const layers = values.map((value, index) => ({
                name: show(key, value), colour: colours[index] ?? rest, values: times.map(() => 0), key: value,
            }));
            for (const row of parts.rows) {
                const layer = layers.find((layer) => layer.key === row[key]);
                const index = place(row["start"]);
                if (!layer || !(index >= 0 && index < times.length)) continue;
                layer.values[index] = row[counted];
                others[index] = Math.max(0, (others[index] ?? 0) - row[counted]);
            }
            const bands = layers.reverse();
            if (others.some((value) => value > 0)) bands.unshift({name: "other", colour: rest, values: others, key: null});
            const past_ = earlier && times.map(() => 0);
            for (const row of earlier?.rows ?? []) {
                const index = Math.floor((row["start"] - past.from) / here.step);
                if (past_ && index >= 0 && index < past_.length) past_[index] = row[counted];
            }
            const chart = stackedChart({
                label: `Traffic over time by ${title(key)}. Left and right arrow keys read the values.`,
                metric: counted, times, step: here.step, end: here.to, series: bands, before: past_ ?? undefined,
                zoom: (from, to) => go({from: String(from), to: String(to)}),
            });
            return {
                content: sums.some((value) => value > 0) || past_ ? chart.element : nothing(),
                picture: chart.picture,
                numbers: {
                    columns: [
                        {name: "start", title: "From", show: (row) => moment(row["start"])},
                        ...[...bands].reverse().map((band) => ({
                            name: band.name, title: band.name, number: true,
                            show: (/** @type {any} */ row) => amount(row[band.name], counted),
                        })),
                    ],
                    rows: times.map((start, index) => ({
                        start, ...Object.fromEntries(bands.map((band) => [band.name, band.values[index]])),
                    })),
                },
            };
        });
}

/** What stands where there are no flows: where there are some is a click away. */
export function nothing() {
    const place = h("div", {class: "empty"}, h("p", {}, state().filter ? "No flow matches in this time." : "No flows in this time."));
    fetch("/api/v1/query?total=true").then((response) => response.json()).then((answer) => {
        const {flows, first, last} = answer.rows?.[0] ?? {};
        if (!flows) {
            place.append(h("p", {class: "muted"}, "The store is empty: point an exporter here, or skein import a capture."));
            return;
        }
        const margin = Math.max(60_000, (last - first) * 0.02);
        place.append(h("button", {
            type: "button", class: "main",
            onclick: () => go({from: String(Math.floor(first - margin)), to: String(Math.ceil(last + margin))}),
        }, `Look at ${moment(first).slice(0, 16)} – ${moment(last).slice(0, 16)}`));
        if (state().filter) place.append(h("button", {type: "button", onclick: () => go({filter: ""})}, "Without the filter"));
    }).catch(() => undefined);
    return place;
}
