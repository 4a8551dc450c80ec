// @ts-check
// What rules have found: the list as it changes, why, the flows behind, and who knows of it.
import {Refusal, acknowledge} from "./api.js";
import {fill, h, renew, toast} from "./dom.js";
import {ago, amount, country, length, moment, protocol, service, short, whole} from "./format.js";
import {onPulse} from "./live.js";
import {dialogue} from "./overlay.js";
import {Panel} from "./panel.js";
import {mayChange} from "./session.js";
import {go, span, state} from "./state.js";
import {link, pivot, table} from "./table.js";

/** @typedef {import("./api.js").Row} Row */

/** Alerts that are listed at most. */
const rowsMax = 500;

/** @param {string} severity */
export const severityMark = (severity) => h("span", {class: `severity ${severity}`}, severity);

/**
 * Who is told of: a host of the own networks, else whoever it was with whom a listed peer talked.
 * @param {Row} alert
 * @returns {string | null}
 */
function hostOf({host, peer, indicator, srcip, dstip}) {
    if (host || !indicator || !peer) return host;
    return srcip === peer ? dstip : srcip;
}

/**
 * Who with whom.
 * @param {Row} alert
 */
export function sides(alert) {
    const arrow = alert["direction"] === "in" ? "←" : alert["direction"] === "both" ? "↔" : "→";
    const [host, peer] = alert["host"] === null && alert["peer"] === null
        ? [alert["srcip"], alert["dstip"]] : [hostOf(alert), alert["peer"]];
    return h("span", {class: "sides"},
        host ? pivot("ip", host, host) : h("span", {class: "absent"}, "many"), h("span", {class: "arrow"}, arrow),
        peer ? pivot("ip", peer, peer) : h("span", {class: "absent"}, "many"));
}

/** @param {HTMLElement} place */
export function alerts(place) {
    const choices = /** @type {[string, string][]} */ ([["open", "Open"], ["acknowledged", "Known"], ["resolved", "Over"], ["all", "All"]]);
    const tabs = h("div", {class: "segments", role: "group", "aria-label": "State"});
    const severities = h("span");
    const panel = new Panel("Alerts", {className: "full", controls: [tabs, severities]});
    fill(place, h("h1", {class: "unseen"}, "Alerts"), h("div", {class: "panels"}, panel.element));
    /** @type {AbortSignal} */
    let latest = new AbortController().signal;
    let version = "";
    const forget = onPulse((beat) => {
        const {latest: id, updated, open} = beat.alerts;
        const now = `${id}/${Math.floor(updated / 5000)}/${open}`;
        // Whoever reads an alert is not disturbed by others.
        const isReading = place.querySelector("tr.detail") !== null;
        if (version && version !== now && !isReading) refresh(latest);
        version = now;
    });

    /** @param {AbortSignal} signal */
    function refresh(signal) {
        latest = signal;
        const chosen = state().more["state"] || "open";
        const severity = state().more["severity"] || "";
        renew(tabs, chosen, () => choices.map(([name, title]) => h("button", {
            type: "button", "aria-pressed": String(name === chosen), onclick: () => go({more: {state: name === "open" ? "" : name}}),
        }, title)));
        renew(severities, severity, () => {
            const select = h("select", {"aria-label": "Severity", onchange: () => go({more: {severity: select.value}})},
                [["", "any severity"], ["medium", "medium and worse"], ["high", "high and worse"], ["critical", "critical"]]
                    .map(([value, title]) => h("option", {value, selected: value === severity}, title ?? "")));
            return select;
        });
        const {from, to} = span();
        // What is open matters however long ago it began.
        const when = chosen === "open" || chosen === "acknowledged" ? {} : {from, to};
        panel.load([{
            path: "alerts", parameters: {
                filter: state().filter, ...when, state: chosen === "all" ? "" : chosen, severity, limit: rowsMax,
            },
        }], signal, ([answer]) => {
            const rows = answer?.rows ?? [];
            if (rows.length === 0) {
                return {content: h("div", {class: "empty"},
                    h("p", {}, chosen === "open" ? "Nothing is open." : "No alerts in this time."),
                    h("p", {class: "muted"}, "Rules and lists are set in skein.yaml: alerts.rules, intel.sources."))};
            }
            const whole_ = rows.length < rowsMax ? null
                : h("p", {class: "muted"}, `The last ${rowsMax}; a filter, a severity or a shorter time shows the others.`);
            return {content: [whole_, table([
                {name: "severity", title: "Severity", show: (row) => severityMark(row["severity"])},
                {name: "rule", title: "Rule", show: (row) => [row["rule"], row["retro"] ? h("span", {class: "tag"}, "in the past") : null]},
                {name: "host", title: "Who with whom", wide: true, show: sides},
                {name: "country", title: "Country", spare: true, show: (row) => row["country"] ? country(row["country"]) : "—"},
                {name: "sources", title: "Said by", spare: true, show: (row) => said(row)},
                {name: "flows", title: "Flows", number: true, spare: true, show: (row) => short(row["flows"])},
                {name: "bytes", title: "Octets", number: true, spare: true, show: (row) => short(row["bytes"], "B")},
                {name: "last", title: "Last", number: true, show: (row) => h("span", {title: moment(row["last"])}, ago(row["last"]))},
                {name: "state", title: "State", show: (row) => row["state"] === "open" && mayChange()
                    ? h("button", {type: "button", class: "small plain", onclick: () => note(row)}, "Acknowledge")
                    : h("span", {class: "muted"}, row["state"] === "acknowledged" ? "known" : row["state"] === "open" ? "open" : "over")},
            ], rows, {caption: "Alerts", detail: (row) => explain(row)})]};
        });
    }

    /** @param {Row} alert */
    function note(alert) {
        const text = h("textarea", {rows: 3, maxlength: 1000, id: "note", placeholder: "What is known of it (may be empty)"});
        const form = h("form", {
            onsubmit: async (/** @type {Event} */ event) => {
                event.preventDefault();
                try {
                    await acknowledge(alert["id"], text.value.trim());
                    box.close();
                    toast(`Alert ${alert["id"]} is noted as known`);
                    refresh(latest);
                } catch (error) {
                    toast(error instanceof Refusal ? error.message : "The server does not answer.");
                }
            },
        }, h("p", {class: "muted"}, "Nobody is told of it again until it is over; it goes on being counted."),
        h("label", {for: "note"}, "Note"), text,
        h("div", {class: "actions"}, h("button", {type: "submit", class: "main"}, "Acknowledge")));
        const box = dialogue(`${alert["rule"]}, alert ${alert["id"]}`, form);
        text.focus();
    }

    return {refresh, every: 30_000, leave: forget};
}

/** @param {Row} alert */
const said = (alert) => alert["measure"] ? `${short(alert["value"])} ${alert["measure"]}`
    : (alert["sources"] ?? []).join(", ");

/**
 * The filter that has the flows of an alert.
 * @param {Row} alert
 */
function filterOf(alert) {
    const terms = [];
    const {peer} = alert;
    const host = hostOf(alert);
    if (host) terms.push(`ip ${host}`);
    if (peer) terms.push(`ip ${peer}`);
    else if (alert["indicator"] && /^[\d.:a-f/]+$/i.test(alert["indicator"]) && alert["indicator"] !== host) {
        terms.push(`ip in [${alert["indicator"]}]`);
    }
    return terms.join(" and ");
}

/** @param {Row} alert */
function explain(alert) {
    const links = /** @type {string[]} */ (alert["links"] ?? []).filter((text) => /^https?:\/\//.test(text));
    const port = alert["dstport"] ?? 0;
    /** @type {[string, import("./dom.js").Child][]} */
    const facts = [
        ["Why", alert["measure"] ? `${whole(alert["value"])} ${alert["measure"]}, more than the rule ${alert["rule"]} lets pass`
            : `${alert["indicator"]} is listed by ${(alert["sources"] ?? []).join(", ") || "nobody any more"}`],
        ["They say", (alert["descriptions"] ?? []).join(" · ")],
        ["Reports", links.map((address) => h("div", {}, h("a", {href: address, rel: "noopener noreferrer", target: "_blank"}, address)))],
        ["First flow", `${protocol(alert["proto"] ?? 0)}${port ? ` to port ${port} ${service(port)}` : ""}`],
        ["Traffic", `${whole(alert["flows"])} flows, ${short(alert["packets"])} packets, ${amount(alert["bytes"], "bytes")}`],
        ["Seen", `${moment(alert["first"])} to ${moment(alert["last"])} (${length(Math.max(0, alert["last"] - alert["first"]))})`],
        ["Note", alert["note"] || ""],
    ];
    return h("div", {class: "explain"},
        h("dl", {}, facts.filter(([, value]) => Array.isArray(value) ? value.length > 0 : Boolean(value))
            .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
        h("div", {class: "actions"},
            link({
                view: "flows", filter: filterOf(alert), from: String(alert["first"] - 60_000), to: String(alert["last"] + 60_000),
                more: {mode: "flows"},
            }, "button main", "The flows behind"),
            alert["peer"] ? link({view: "intel", more: {value: String(alert["peer"])}}, "button", "Who lists the peer?") : null));
}
