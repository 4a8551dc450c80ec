// @ts-check
// Who exports, and how each is doing, in words.
import {fill, h} from "./dom.js";
import {ago, length, moment, short, whole} from "./format.js";
import {Panel} from "./panel.js";
import {both, go, state} from "./state.js";
import {table} from "./table.js";

/** @param {HTMLElement} place */
export function exporters(place) {
    const summary = h("div", {class: "tiles"});
    const panel = new Panel("Exporters", {className: "full"});
    fill(place, h("h1", {class: "unseen"}, "Exporters"), summary, h("div", {class: "panels"}, panel.element));
    return {
        every: 15_000,
        /** @param {AbortSignal} signal */
        refresh(signal) {
            panel.load([{path: "exporters"}], signal, ([answer]) => {
                const rows = answer?.rows ?? [];
                const isWell = (/** @type {any} */ row) => row["severity"] === "well" || row["severity"] === "note";
                const sum = (/** @type {string} */ name) => rows.reduce((total, row) => total + (row[name] ?? 0), 0);
                const lost = sum("lost");
                fill(summary,
                    tile("Exporters", whole(new Set(rows.map((row) => row["exporter"])).size), `${rows.length} with their domains`),
                    tile("Well", `${rows.filter(isWell).length} of ${rows.length}`, "nothing to be done"),
                    tile("Flows", short(sum("flows")), `${short(sum("datagrams"))} datagrams`),
                    tile("Lost on the way", lost === 0 ? "none" : short(lost), "by their sequence numbers"));
                if (rows.length === 0) {
                    return {content: h("div", {class: "empty"}, h("p", {}, "No exporter has been heard."),
                        h("p", {class: "muted"}, "skein doctor says how to set up a router of yours."))};
                }
                return {content: table([
                    {name: "exporter", title: "Exporter", wide: true, show: (row) => h("span", {},
                        h("button", {type: "button", class: "value", title: "Its flows", onclick: () =>
                            go({view: "", filter: both(state().filter, `exporter = ${row["exporter"]}`)})}, row["name"] ?? row["exporter"]),
                        row["name"] ? h("span", {class: "muted"}, ` ${row["exporter"]}`) : null)},
                    {name: "severity", title: "Health", show: (row) => h("span", {class: `health ${isWell(row) ? "good" : "bad"}`},
                        isWell(row) ? "well" : words(row))},
                    {name: "protocol", title: "Protocol", spare: true}, {name: "domain", title: "Domain", number: true, spare: true},
                    {name: "last", title: "Heard", number: true, show: (row) => h("span", {title: moment(row["last"])}, row["last"] ? ago(row["last"]) : "never")},
                    {name: "flows", title: "Flows", number: true, show: (row) => short(row["flows"])},
                    {name: "lost", title: "Lost", number: true, spare: true, show: (row) => row["lost"] ? whole(row["lost"]) : "none"},
                    {name: "clockOffset", title: "Clock", number: true, spare: true, show: (row) => clock(row["clockOffset"])},
                    {name: "templates", title: "Templates", number: true, spare: true},
                ], rows, {caption: "Exporters", detail: explain})};
            });
        },
    };
}

/**
 * @param {string} title
 * @param {string} value
 * @param {string} foot
 */
const tile = (title, value, foot) => h("div", {class: "tile"}, h("div", {class: "tile-title"}, title),
    h("div", {class: "tile-value"}, value), h("div", {class: "tile-foot"}, foot));

/** @param {number | null} offset */
function clock(offset) {
    if (offset === null) return "—";
    return Math.abs(offset) < 2000 ? "in time" : `${offset > 0 ? "+" : "−"}${length(Math.abs(offset))}`;
}

/** @param {import("./api.js").Row} row */
const words = (row) => row["findings"].filter((/** @type {any} */ finding) => finding.severity !== "note")
    .map((/** @type {any} */ finding) => String(finding.kind).replaceAll(/([A-Z])/g, " $1").toLowerCase()).join(", ") || row["severity"];

/** @param {import("./api.js").Row} row */
function explain(row) {
    const findings = /** @type {{[name: string]: any}[]} */ (row["findings"]);
    return h("div", {class: "explain"},
        findings.length === 0 ? h("p", {}, "Everything is as it should be.") : findings.map((finding) => h("div", {class: `finding ${finding["severity"]}`},
            Object.entries(finding).filter(([name, value]) => typeof value === "string" && name !== "kind" && name !== "severity")
                .map(([, value]) => h("p", {}, String(value))))),
        h("dl", {}, [
            ["Heard", `${moment(row["first"])} to ${moment(row["last"])}`], ["Sends from", row["sender"]],
            ["Datagrams", whole(row["datagrams"])], ["Records", `${whole(row["records"])}, ${whole(row["optionsRecords"])} of options`],
            ["Restarts", whole(row["restarts"])], ["Reordered", whole(row["reordered"])],
            ["Flows of unknown rate", whole(row["rateUnknown"])], ["Waiting sets", whole(row["waitingSets"])],
        ].map(([name, value]) => [h("dt", {}, name ?? ""), h("dd", {}, value ?? "")])));
}
