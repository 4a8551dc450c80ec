// @ts-check
// Where traffic goes and comes from, and where alerts point to. The outlines are projected already (scripts/world), so the page only draws.
import {about} from "./api.js";
import {fill, h, renew, s} from "./dom.js";
import {amount, country, percent, short} from "./format.js";
import {hideTip, showTip} from "./overlay.js";
import {Panel} from "./panel.js";
import {both, go, state} from "./state.js";
import {link, pivot, table} from "./table.js";
import {metric, nothing, window_} from "./traffic.js";

/** @typedef {{x: number, y: number, d: string}} Land */
/** @typedef {{width: number, height: number, rim: string, lands: Map<string, Land>}} World */
/** @typedef {import("./api.js").Row} Row */

/** @type {Promise<World> | undefined} */
let loading;

function world() {
    loading ??= fetch(new URL("world.txt", import.meta.url)).then((response) => response.text()).then((text) => {
        const [size = "", rim = "", ...lines] = text.trimEnd().split("\n");
        const [width = 2000, height = 900] = size.split(" ").map(Number);
        /** @type {Map<string, Land>} */
        const lands = new Map();
        for (const line of lines) {
            const [, code = "", x, y, d = ""] = /^(\S+) (\S+) (\S+) ?(.*)$/.exec(line) ?? [];
            lands.set(code, {x: Number(x), y: Number(y), d});
        }
        return {width, height, rim: rim.replace(/^-- \S+ \S+ /, ""), lands};
    });
    return loading;
}

/** Open alerts that are drawn at most. */
const alertsMax = 1000;
const sides = /** @type {[string, string][]} */ ([["any", "Both"], ["src", "From"], ["dst", "To"]]);

/** @param {HTMLElement} place */
export function map(place) {
    const direction = h("div", {class: "segments", role: "group", "aria-label": "Direction"});
    const modes = h("div", {class: "segments", role: "group", "aria-label": "Draw"});
    const picture = new Panel("Map", {className: "map", controls: [direction, modes]});
    const list = new Panel("Countries", {className: "side"});
    const detail = h("div", {class: "detail-panels"});
    /** @type {Panel[]} */
    let panels = [];
    let drilled = "";
    fill(place, h("h1", {class: "unseen"}, "Map"), h("div", {class: "panels map-panels"}, picture.element, list.element), detail);

    /** @param {AbortSignal} signal */
    function refresh(signal) {
        const {side = "any", draw: mode = "bubbles", country: chosen = ""} = state().more;
        renew(direction, side, () => sides.map(([name, text]) => h("button", {
            type: "button", "aria-pressed": String(name === (side || "any")), onclick: () => go({more: {side: name === "any" ? "" : name}}),
        }, text)));
        renew(modes, mode, () => [["bubbles", "Bubbles"], ["areas", "Areas"]].map(([name, text]) => h("button", {
            type: "button", "aria-pressed": String(name === (mode || "bubbles")), onclick: () => go({more: {draw: name === "bubbles" ? "" : name ?? ""}}),
        }, text ?? "")));
        const counted = metric();
        const parameters = {...window_(), order: counted, top: 0};
        /** @type {import("./api.js").Question} */
        const question = {path: "map", parameters: {...parameters, side: side || "any"}};
        picture.run(question, signal, async (ask) => {
            const [shapes, shown, out, into, found] = await Promise.all([
                world(), ask(question), ask({path: "map", parameters: {...parameters, side: "src"}}),
                ask({path: "map", parameters: {...parameters, side: "dst"}}),
                ask({path: "alerts", parameters: {state: "open", filter: state().filter, limit: alertsMax}}),
            ]);
            const sums = {
                from: new Map(out.rows.map((row) => [row["country"], row])), to: new Map(into.rows.map((row) => [row["country"], row])),
            };
            drawList(shown.rows, counted);
            if (shown.rows.length === 0) return {content: nothing()};
            const drawing = draw(shapes, shown.rows, sums, counted, mode || "bubbles", chosen, found.rows);
            if (found.rows.length >= alertsMax) {
                drawing.element.append(h("p", {class: "muted"}, `Of the open alerts only the last ${alertsMax} are drawn.`));
            }
            return {content: drawing.element, picture: drawing.picture};
        });
        list.question = question;
        drillDown(chosen, signal);
    }

    /**
     * @param {Row[]} rows
     * @param {string} counted
     */
    function drawList(rows, counted) {
        const most = Math.max(...rows.map((row) => row["share"]), 1e-9);
        list.draw({content: table([
            {name: "country", title: "Country", wide: true, bar: (row) => row["share"] / most, show: (row) => h("button", {
                type: "button", class: "value", onclick: () => go({more: {country: row["country"] ?? "??"}}),
            }, country(row["country"]))},
            {name: counted, title: "Amount", number: true, show: (row) => amount(row[counted], counted)},
            {name: "share", title: "Share", number: true, show: (row) => percent(row["share"])},
        ], rows, {caption: "Countries", sort: counted})});
    }

    /**
     * What a country is: its networks, its hosts, their flows.
     * @param {string} code
     * @param {AbortSignal} signal
     */
    function drillDown(code, signal) {
        if (!code) {
            fill(detail);
            drilled = "";
            return;
        }
        const side = state().more["side"] || "any";
        const value = code === "??" ? "unknown" : code;
        const term = side === "src" ? `srcgeo = ${value}` : side === "dst" ? `dstgeo = ${value}` : `country ${value}`;
        const filter = both(state().filter, term);
        const counted = metric();
        const parameters = {...window_(), filter, order: counted, top: 10};
        const keys = ["srcip", "dstip", "service", side === "src" ? "srcas" : "dstas"];
        if (drilled !== `${code} ${filter}`) {
            panels = ["Sources", "Destinations", "Services", "Networks"].map((name) => new Panel(name));
            fill(detail,
                h("div", {class: "drill"}, h("h2", {}, country(code === "??" ? null : code)),
                    link({filter, more: {country: ""}}, "button", "Only this country"),
                    link({view: "flows", filter, more: {mode: "flows"}}, "button", "Its flows"),
                    h("button", {type: "button", class: "quiet", "aria-label": "Close", onclick: () => go({more: {country: ""}})}, "✕")),
                h("div", {class: "panels"}, panels.map((panel) => panel.element)));
        }
        drilled = `${code} ${filter}`;
        panels.forEach((panel, index) => {
            const key = keys[index] ?? "srcip";
            panel.load([{path: "query", parameters: {...parameters, by: key}}], signal, ([answer]) => {
                const rows = answer?.rows ?? [];
                const most = Math.max(...rows.map((row) => row["share"]), 1e-9);
                return {content: table([
                    {name: key, title: panel.title, wide: true, show: (row) => pivot(key, row[key]), bar: (row) => row["share"] / most},
                    {name: counted, title: "Amount", number: true, show: (row) => amount(row[counted], counted)},
                    {name: "share", title: "Share", number: true, show: (row) => percent(row["share"])},
                ], rows, {caption: `${panel.title} of ${country(code === "??" ? null : code)}`})};
            });
        });
    }

    return {refresh};
}

/**
 * @param {World} world
 * @param {Row[]} rows
 * @param {{from: Map<any, Row>, to: Map<any, Row>}} sums
 * @param {string} counted
 * @param {string} mode
 * @param {string} chosen
 * @param {Row[]} found  open alerts
 */
function draw(world, rows, sums, counted, mode, chosen, found) {
    const real = rows.filter((row) => world.lands.has(row["country"]));
    const most = Math.max(...real.map((row) => row[counted]), 1);
    /** @type {Map<string, Row>} */
    const byCode = new Map(real.map((row) => [row["country"], row]));
    /** @param {Row | undefined} row */
    const depth = (row) => row && row[counted] > 0 ? Math.round(12 + 88 * Math.cbrt(row[counted] / most)) : 0;

    /**
     * @param {PointerEvent} event
     * @param {string | null} code
     */
    function tip(event, code) {
        const [all, from, to] = [rows.find((row) => row["country"] === code), sums.from.get(code), sums.to.get(code)];
        const line = (/** @type {string} */ name, /** @type {Row | undefined} */ row) => h("tr", {}, h("td", {}, name),
            h("td", {class: "number"}, amount(row?.[counted] ?? 0, counted)), h("td", {class: "number"}, percent(row?.["share"] ?? 0)));
        showTip(event.clientX, event.clientY, h("div", {class: "tip-head"}, country(code)),
            all ? h("table", {}, line("from it", from), line("to it", to),
                h("tr", {}, h("td", {}, "flows"), h("td", {class: "number"}, short(all["flows"])), h("td"))) : "nothing");
    }
    /** @param {string} code */
    const handlers = (code) => ({
        onpointermove: (/** @type {PointerEvent} */ event) => tip(event, code), onpointerleave: hideTip,
        onclick: () => { hideTip(); go({more: {country: code}}); },
    });

    const lands = [...world.lands].filter(([, land]) => land.d).map(([code, land]) => {
        const row = byCode.get(code);
        return s("path", {
            class: `land ${code === chosen ? "chosen" : ""}`, d: land.d,
            ...(mode === "areas" && row ? {style: {fill: `color-mix(in srgb, var(--c0) ${depth(row)}%, var(--land))`}} : {}),
            ...handlers(code),
        });
    });
    const largest = 52;
    const bubbles = real.filter((row) => mode === "bubbles" || !world.lands.get(row["country"])?.d).map((row) => {
        const land = /** @type {Land} */ (world.lands.get(row["country"]));
        return s("circle", {
            class: `bubble ${row["country"] === chosen ? "chosen" : ""}`, cx: land.x, cy: land.y,
            r: Math.max(4, largest * Math.sqrt(row[counted] / most)).toFixed(1), ...handlers(row["country"]),
        });
    });
    const svg = s("svg", {
        class: "world", viewBox: `0 0 ${world.width} ${world.height}`, role: "img",
        "aria-label": "World map of traffic; the table beside it has the same figures",
    }, s("path", {class: "sea", d: world.rim}), lands, bubbles, arcs(world, found));
    // What stands nowhere on the map is told beside it, not left out.
    const elsewhere = rows.filter((row) => !world.lands.has(row["country"]));
    return {
        element: h("div", {}, svg, warned(world, found), overridden(), elsewhere.length === 0 ? null : h("ul", {class: "elsewhere", "aria-label": "Not on the map"},
            elsewhere.map((row) => h("li", {}, h("button", {
                type: "button", onclick: () => go({more: {country: row["country"] ?? "??"}}),
                onpointermove: (/** @type {PointerEvent} */ event) => tip(event, row["country"]), onpointerleave: hideTip,
            }, h("span", {class: "dot"}), `${country(row["country"])} `, h("b", {}, percent(row["share"]))))))),
        picture: () => svg,
    };
}

/**
 * How many alerts are open about each country that is on the map.
 * @param {World} world
 * @param {Row[]} found
 */
function alertsByCountry(world, found) {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const {country: code} of found) if (world.lands.has(code)) counts.set(code, (counts.get(code) ?? 0) + 1);
    return counts;
}

/**
 * A ring about each country of an open alert, and where home is known an arc to there.
 * @param {World} world
 * @param {Row[]} found
 */
function arcs(world, found) {
    const home = world.lands.get(about().home.find((code) => world.lands.has(code)) ?? "");
    return [...alertsByCountry(world, found)].map(([code, count]) => {
        const {x, y} = /** @type {Land} */ (world.lands.get(code));
        const text = `${country(code)}: ${count} open ${count === 1 ? "alert" : "alerts"}`;
        const open = () => { hideTip(); go({view: "alerts", filter: both(state().filter, `country ${code}`), more: {}}); };
        const handlers = {
            onclick: open, onpointerleave: hideTip,
            onpointermove: (/** @type {PointerEvent} */ event) => showTip(event.clientX, event.clientY, text),
        };
        const parts = [s("circle", {class: "alarm", cx: x, cy: y, r: 16, ...handlers})];
        if (home && (home.x !== x || home.y !== y)) {
            // It bends towards the pole, the higher the further.
            const lift = Math.hypot(home.x - x, home.y - y) * 0.3;
            parts.push(/** @type {any} */ (s("path", {
                class: "arc", d: `M${x} ${y}Q${(x + home.x) / 2} ${(y + home.y) / 2 - lift} ${home.x} ${home.y}`, ...handlers,
            })));
        }
        return parts;
    });
}

/** Networks that lie elsewhere than the databases say, as the user knows better. */
function overridden() {
    const {overrides} = about();
    if (overrides.length === 0) return null;
    return h("ul", {class: "elsewhere overridden", "aria-label": "What you know better"}, overrides.slice(0, 8).map(({network, country: code, label}) => h("li", {},
        link({view: "flows", filter: both(state().filter, `net ${network}`), more: {mode: "flows"}}, "button",
            h("span", {class: "dot"}), h("b", {}, network), ` is ${country(code)}${label ? `, ${label}` : ""}`))),
    overrides.length > 8 ? h("li", {class: "muted"}, `and ${overrides.length - 8} more`) : null);
}

/**
 * The same in words.
 * @param {World} world
 * @param {Row[]} found
 */
function warned(world, found) {
    const counts = [...alertsByCountry(world, found)].sort((a, b) => b[1] - a[1]);
    if (counts.length === 0) return null;
    return h("ul", {class: "elsewhere warned", "aria-label": "Open alerts"}, counts.slice(0, 8).map(([code, count]) => h("li", {},
        link({view: "alerts", filter: both(state().filter, `country ${code}`), more: {}}, "button",
            h("span", {class: "dot"}), `${country(code)} `, h("b", {}, `${count} open`)))));
}
