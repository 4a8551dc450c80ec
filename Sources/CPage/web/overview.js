// @ts-check
// How things stand: traffic over time, who and what makes it, what was found, what was lost.
import {ask} from "./api.js";
import {country, percent, ago, amount, rate, short, whole} from "./format.js";
import {fill, h, renew} from "./dom.js";
import {onPulse} from "./live.js";
import {Panel} from "./panel.js";
import {go, span, before, state} from "./state.js";
import {link, pivot, table} from "./table.js";
import {keySelect, loadTraffic, metric, series, window_} from "./traffic.js";
import {severityMark, sides} from "./alerts.js";

/** @param {HTMLElement} place */
export function overview(place) {
    const tiles = h("div", {class: "tiles"});
    const select = h("span");
    const traffic = new Panel("Traffic", {className: "full tall", controls: select});
    const sources = new Panel("Top sources");
    const targets = new Panel("Top destinations");
    const services = new Panel("Services");
    const countries = new Panel("Countries", {controls: link({view: "map", more: {}}, "follow", "Map")});
    const alerts = new Panel("Open alerts", {controls: link({view: "alerts", more: {}}, "follow", "All")});
    const losses = new Panel("Collector", {controls: link({view: "exporters", more: {}}, "follow", "Exporters")});
    fill(place, h("h1", {class: "unseen"}, "Overview"), tiles, h("div", {class: "panels"},
        traffic.element, sources.element, targets.element, services.element, countries.element, alerts.element, losses.element));
    losses.draw({content: h("p", {class: "muted"}, "Waiting for the server's word …")});
    const forget = onPulse((beat) => losses.draw({content: collector(beat)}));

    /**
     * @param {Panel} panel
     * @param {string} key
     * @param {string} heading
     * @param {AbortSignal} signal
     */
    function top(panel, key, heading, signal) {
        const counted = metric();
        const seconds = (span().to - span().from) / 1000;
        return panel.load([{path: "query", parameters: {...window_(), by: key, order: counted, top: 8}}], signal, ([answer]) => {
            const rows = answer?.rows ?? [];
            const most = Math.max(...rows.map((row) => row["share"]), 1e-9);
            return {
                content: table([
                    {name: key, title: heading, pivot: true, wide: true, bar: (row) => row["share"] / most},
                    {name: counted, title: counted === "bytes" ? "Rate" : "Count", number: true,
                        show: (row) => counted === "bytes" ? rate(row["bytes"], "bytes", seconds) : short(row[counted])},
                    {name: "share", title: "Share", number: true, show: (row) => percent(row["share"])},
                ], rows, {caption: panel.title}),
            };
        });
    }

    /** @param {AbortSignal} signal */
    function topCountries(signal) {
        const counted = metric();
        return countries.load([{path: "map", parameters: {...window_(), top: 8, order: counted}}], signal, ([answer]) => {
            const rows = answer?.rows ?? [];
            const most = Math.max(...rows.map((row) => row["share"]), 1e-9);
            return {content: table([
                {name: "country", title: "Country", wide: true, bar: (row) => row["share"] / most,
                    show: (row) => pivot("country", row["country"], country(row["country"]))},
                {name: counted, title: "Amount", number: true, show: (row) => amount(row[counted], counted)},
                {name: "share", title: "Share", number: true, show: (row) => percent(row["share"])},
            ], rows, {caption: "Countries, either side of a flow"})};
        });
    }

    /**
     * What is open matters however long ago it began.
     * @param {AbortSignal} signal
     */
    function openAlerts(signal) {
        return alerts.load([{path: "alerts", parameters: {state: "open", limit: 8, filter: state().filter}}], signal, ([answer]) => ({
            content: (answer?.rows.length ?? 0) === 0
                ? h("div", {class: "empty small"}, h("p", {}, "Nothing is open."))
                : table([
                    {name: "severity", title: "Severity", show: (row) => severityMark(row["severity"])},
                    {name: "rule", title: "Rule", show: (row) => row["rule"]},
                    {name: "host", title: "Who", wide: true, show: sides},
                    {name: "last", title: "Last", number: true, show: (row) => ago(row["last"])},
                ], answer?.rows ?? [], {caption: "Open alerts", sort: "last"}),
        }));
    }

    return {
        /** @param {AbortSignal} signal */
        async refresh(signal) {
            const key = state().more["by"] || "service";
            renew(select, key, () => keySelect("Stacked by", key, (by) => go({more: {by: by === "service" ? "" : by}})));
            const addresses = () => [top(sources, "srcip", "Address", signal), top(targets, "dstip", "Address", signal)];
            // Addresses are counted in the flows themselves: what sums tell does not wait for that. With a filter all is, at once.
            const isFiltered = state().filter !== "";
            for (const panel of [sources, targets]) panel.element.setAttribute("aria-busy", "true");
            const [now] = await Promise.all([
                total(signal), loadTraffic(traffic, key, signal), top(services, "service", "Service", signal),
                topCountries(signal), openAlerts(signal), ...(isFiltered ? addresses() : []),
            ]);
            if (signal.aborted) return;
            // What stood there before is compared already: it stays until there is something to compare with.
            if (now && tiles.childElementCount === 0) summary(tiles, now, null);
            const [then] = await Promise.all([earlier(signal), ...(isFiltered ? [] : addresses())]);
            if (now && !signal.aborted) summary(tiles, now, then);
        },
        leave: forget,
    };
}

/** @typedef {{bytes: number, packets: number, flows: number}} Sums */

/**
 * What the whole comes to: the sums of the chart's own answer, so nothing is counted twice.
 * @param {AbortSignal} signal
 * @returns {Promise<Sums | null>}
 */
async function total(signal) {
    try {
        const answer = await ask({path: "query", parameters: {...window_(), series: series()}}, signal);
        return answer.rows.reduce((/** @type {Sums} */ sums, row) => ({
            bytes: sums.bytes + row["bytes"], packets: sums.packets + row["packets"], flows: sums.flows + row["flows"],
        }), {bytes: 0, packets: 0, flows: 0});
    } catch {
        // The panels say what is wrong.
        return null;
    }
}

/**
 * The same of the period before.
 * @param {AbortSignal} signal
 * @returns {Promise<Sums | null>}
 */
async function earlier(signal) {
    const {from, to} = before(span());
    try {
        const answer = await ask({path: "query", parameters: {filter: state().filter, from, to, total: true}}, signal);
        return /** @type {Sums} */ (/** @type {unknown} */ (answer.rows[0] ?? null));
    } catch {
        return null;
    }
}

/**
 * @param {HTMLElement} place
 * @param {Sums} now
 * @param {Sums | null} then
 */
function summary(place, now, then) {
    const {from, to} = span();
    const seconds = (to - from) / 1000;
    const one = Math.max(1, now.flows);
    fill(place,
        tile("Traffic", rate(now.bytes, "bytes", seconds), `${short(now.bytes, "B")} in all`, now.bytes, then?.bytes ?? 0),
        tile("Packets", rate(now.packets, "packets", seconds), `${short(now.packets)} in all`, now.packets, then?.packets ?? 0),
        tile("Flows", rate(now.flows, "flows", seconds), `${short(now.flows)} in all`, now.flows, then?.flows ?? 0),
        tile("A flow has", amount(now.bytes / one, "bytes"), `${short(Math.round(now.packets / one))} packets on average`, 0, 0));
}

/**
 * @param {string} title
 * @param {string} value
 * @param {string} foot
 * @param {number} now
 * @param {number} then
 */
function tile(title, value, foot, now, then) {
    const change = then > 0 ? (now - then) / then : null;
    return h("div", {class: "tile"}, h("div", {class: "tile-title"}, title), h("div", {class: "tile-value"}, value),
        h("div", {class: "tile-foot"}, foot,
            change === null ? null : h("span", {class: "change", title: "against the period before"},
                ` ${change >= 0 ? "▲" : "▼"} ${change > 9.99 ? `${Math.round(change + 1)}×` : percent(Math.abs(change))}`)));
}

/** @param {import("./live.js").Beat} beat */
function collector(beat) {
    /** @type {[string, number, string][]} */
    const counts = [
        ["Lost on the way", beat.lost, "by sequence numbers"], ["Dropped by the kernel", beat.kernelDrops, "the buffer was full"],
        ["Not decoded", beat.undecoded, "sets, records, datagrams"], ["Shed", beat.shed, "a stage was stuck"],
    ];
    return h("div", {class: "collector"},
        h("p", {class: beat.troubles.length > 0 ? "health bad" : "health good"},
            beat.troubles.length > 0 ? beat.troubles.join(" · ") : "Flows are taken and kept."),
        h("dl", {}, h("dt", {}, "Arriving"), h("dd", {}, beat.rate === null ? "…" : `${short(beat.rate)} flows/s`),
            h("dt", {}, "Exporters heard"), h("dd", {}, whole(beat.exporters)),
            counts.map(([name, value, hint]) => [h("dt", {title: hint}, name),
                h("dd", {class: value > 0 ? "warn" : ""}, value > 0 ? whole(value) : "none")])));
}
