// @ts-check
// What stands above every view: where one is, how the collector is doing, the filter, the time.
import {fill, h, icon, say} from "./dom.js";
import {filterBox} from "./filterbox.js";
import {moment, short} from "./format.js";
import {help} from "./help.js";
import {onPulse} from "./live.js";
import {dialogue, menu} from "./overlay.js";
import {leave, who} from "./session.js";
import {before, go, isStreamed, keep, kept, presets, span, state} from "./state.js";
import {link} from "./table.js";

const titles = /** @type {{[view: string]: string}} */ ({
    "": "Overview", map: "Map", flows: "Flows", alerts: "Alerts", exporters: "Exporters", intel: "Intel", swarm: "Swarm",
});

/** @param {string} text */
const preset = (text) => `Last ${text.slice(1).replace(/(\d+)/, "$1 ")}`;

/** @param {string} theme */
function dress(theme) {
    document.documentElement.dataset["theme"] = theme;
    const scheme = document.querySelector("meta[name=color-scheme]");
    scheme?.setAttribute("content", theme === "auto" ? "light dark" : theme);
}

export function header() {
    const box = filterBox();
    const nav = h("nav", {"aria-label": "Views"});
    const badge = h("span", {class: "badge", hidden: true});
    const pulse = h("span", {class: "pulse", title: "Flows that arrive"});
    const trouble = h("div", {class: "banner", role: "alert", hidden: true});
    const time = h("button", {type: "button", class: "time", "aria-haspopup": "menu", onclick: choose});
    const live = h("button", {type: "button", class: "live", title: "Follow what arrives ( l )", onclick: toggleLive},
        h("span", {class: "dot"}), "Live");
    const metric = h("div", {class: "segments", role: "group", "aria-label": "Count"},
        ["bytes", "packets", "flows"].map((name) => h("button", {
            type: "button", "data-metric": name, onclick: () => go({more: {metric: name === "bytes" ? "" : name}}),
        }, name === "bytes" ? "Bits" : name === "packets" ? "Packets" : "Flows")));
    const compare = h("button", {
        type: "button", class: "switch", title: "Compare with the period before ( c )", onclick: toggleCompare,
    }, "Before");
    const theme = h("button", {type: "button", class: "quiet", onclick: turn});
    const person = h("button", {type: "button", class: "quiet person", "aria-haspopup": "menu", hidden: true, onclick: () => {
        const {name, scope} = who();
        menu(person, [["Log out", () => { leave().catch(() => say("The server does not answer.")); }]],
            `${name ?? ""} · ${scope === "admin" ? "may change things" : "may look"}`);
    }});
    const keys = h("button", {type: "button", class: "quiet key", "aria-label": "Keys", title: "Keys ( ? )", onclick: help}, "?");

    function turn() {
        const dark = matchMedia("(prefers-color-scheme: dark)").matches;
        /** @type {string} */
        const chosen = kept("theme", "auto");
        const now = chosen === "auto" ? (dark ? "dark" : "light") : chosen;
        keep("theme", now === "dark" ? "light" : "dark");
        look();
        say(`${kept("theme", "auto")} colours`);
    }

    function look() {
        /** @type {string} */
        const theme_ = kept("theme", "auto");
        dress(theme_);
        const isDark = theme_ === "dark" || (theme_ === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
        fill(theme, icon(isDark ? "sun" : "moon"));
        theme.setAttribute("aria-label", isDark ? "Light colours" : "Dark colours");
        theme.title = isDark ? "Light colours ( t )" : "Dark colours ( t )";
    }

    function toggleLive() {
        const {from, to} = span();
        // There it is what arrives, not a time that ends now.
        if (state().view === "swarm") go({more: {live: isStreamed() ? "" : "1", at: ""}});
        else if (state().to === "now") go({from: String(from), to: String(to)});
        else go({from: `-${Math.max(1, Math.round((to - from) / 60_000))}min`, to: "now"});
    }

    function toggleCompare() { go({more: {compare: state().more["compare"] ? "" : "1"}}); }

    function choose() {
        const {from, to} = span();
        menu(time, [
            ...presets.map((text) => /** @type {[string, () => void]} */ ([preset(text), () => go({from: text, to: "now"})])),
            ["Yesterday", () => {
                const today = new Date().setHours(0, 0, 0, 0);
                go({from: String(today - 86_400_000), to: String(today)});
            }],
            ["Earlier", () => move(-1)],
            ["Later", () => move(1)],
            ["From … to …", () => custom(from, to)],
        ], "Time");
    }

    /** @param {number} direction */
    function move(direction) {
        const here = span();
        const width = before(here).to - before(here).from;
        go({from: String(here.from + direction * width), to: String(here.to + direction * width)});
    }

    /**
     * @param {number} from
     * @param {number} to
     */
    function custom(from, to) {
        const first = h("input", {type: "datetime-local", step: 1, value: moment(from).replace(" ", "T"), id: "time-from"});
        const last = h("input", {type: "datetime-local", step: 1, value: moment(to).replace(" ", "T"), id: "time-to"});
        const form = h("form", {
            class: "custom",
            onsubmit: (/** @type {Event} */ event) => {
                event.preventDefault();
                const [a, b] = [Date.parse(first.value), Date.parse(last.value)];
                if (a < b) {
                    box_.close();
                    go({from: String(a), to: String(b)});
                } else {
                    last.setCustomValidity("The end must be after the beginning.");
                    last.reportValidity();
                    last.setCustomValidity("");
                }
            },
        }, h("label", {for: "time-from"}, "From"), first, h("label", {for: "time-to"}, "To"), last,
        h("button", {type: "submit", class: "main"}, "Look"));
        const box_ = dialogue("Which time?", form);
    }

    onPulse((beat) => {
        const {open, worst} = beat.alerts;
        badge.hidden = open === 0;
        badge.textContent = open > 99 ? "99+" : String(open);
        badge.dataset["severity"] = worst ?? "";
        badge.setAttribute("aria-label", `${open} open`);
        fill(pulse, h("span", {class: "dot"}), beat.rate === null ? "" : `${short(beat.rate)} fl/s`);
        pulse.classList.toggle("idle", !beat.rate);
        trouble.hidden = beat.troubles.length === 0;
        trouble.textContent = beat.troubles.join(" · ");
    });

    const element = document.getElementById("head");
    if (element) {
        fill(element,
            h("div", {class: "bar-top"},
                link({view: "", filter: "", more: {}}, "brand", h("img", {src: new URL("icon.svg", import.meta.url).href, alt: "", width: 22, height: 22}), "Skein"),
                nav, h("span", {class: "spring"}), pulse, person, theme, keys),
            h("div", {class: "bar-ask"}, box.element,
                h("div", {class: "whens"}, h("button", {type: "button", class: "quiet", "aria-label": "Earlier", title: "Earlier ( [ )", onclick: () => move(-1)}, icon("left")),
                    time, h("button", {type: "button", class: "quiet", "aria-label": "Later", title: "Later ( ] )", onclick: () => move(1)}, icon("right")), live),
                h("div", {class: "whats"}, metric, compare)),
            trouble);
    }
    look();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look);

    function update() {
        const now = state();
        fill(nav, Object.entries(titles).map(([view, title]) => {
            const item = link({view, more: {}}, "", title, view === "alerts" ? badge : null);
            if (view === now.view) item.setAttribute("aria-current", "page");
            return item;
        }));
        document.title = `${titles[now.view]}${now.filter ? ` · ${now.filter}` : ""} · Skein`;
        const here = span();
        const sameDay = new Date(here.from).toDateString() === new Date(here.to - 1).toDateString();
        const streams = isStreamed();
        fill(time, icon("clock"), streams ? "What arrives" : presets.includes(now.from) && now.to === "now" ? preset(now.from)
            : `${moment(here.from).slice(0, 16)} – ${sameDay ? moment(here.to).slice(11, 16).replace("00:00", "24:00") : moment(here.to).slice(0, 16)}`);
        time.title = streams ? "Live: what arrives, no time that was; choose one here" : `${moment(here.from)} to ${moment(here.to)}`;
        live.setAttribute("aria-pressed", String(now.view === "swarm" ? streams : now.to === "now"));
        compare.setAttribute("aria-pressed", String(Boolean(now.more["compare"])));
        for (const button of metric.querySelectorAll("button")) {
            button.setAttribute("aria-pressed", String(button.dataset["metric"] === (now.more["metric"] || "bytes")));
        }
        const isOfFlows = ["", "map", "flows"].includes(now.view);
        document.body.dataset["view"] = now.view || "overview";
        document.body.classList.toggle("of-flows", isOfFlows);
        box.update();
    }

    /** Shows who is logged in. */
    function greet() {
        const {name} = who();
        person.hidden = name === null;
        person.setAttribute("aria-label", `Logged in as ${name ?? ""}`);
        fill(person, icon("person"), h("span", {class: "person-name"}, name ?? ""));
    }

    return {update, greet, focus: () => box.focus(), turn, toggleLive, toggleCompare, move};
}
