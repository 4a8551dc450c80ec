// @ts-check
// The lists of known-bad peers: how old they are and how long, and who lists what.
import {fill, h} from "./dom.js";
import {ago, moment, short, whole} from "./format.js";
import {Panel} from "./panel.js";
import {go, state} from "./state.js";
import {link, table} from "./table.js";

/** @param {HTMLElement} place */
export function intel(place) {
    const input = h("input", {
        type: "search", id: "value", "aria-label": "Address, name, URL or digest", spellcheck: "false", autocomplete: "off",
        placeholder: "An address, a name, a URL, a digest", maxlength: 2048,
    });
    const form = h("form", {
        class: "lookup", onsubmit: (/** @type {Event} */ event) => {
            event.preventDefault();
            go({more: {value: input.value.trim()}});
        },
    }, input, h("button", {type: "submit", class: "main"}, "Look up"));
    const answer = new Panel("Who lists it?", {className: "full"});
    const feeds = new Panel("Sources", {className: "full"});
    fill(place, h("h1", {class: "unseen"}, "Intel"), h("div", {class: "panels"}, answer.element, feeds.element));
    let asked = "";
    return {
        every: 30_000,
        /** @param {AbortSignal} signal */
        refresh(signal) {
            const value = state().more["value"] ?? "";
            if (value !== asked || !answer.drawing) {
                input.value = value;
                asked = value;
                if (value) lookUp(value, signal);
                else answer.draw({content: [form, h("p", {class: "muted"}, "Only the lists on this machine are asked; nothing leaves it.")]});
            }
            feeds.load([{path: "intel/feeds"}], signal, ([found]) => ({
                content: table([
                    {name: "name", title: "Source", wide: true, show: (row) => row["name"]},
                    {name: "updated", title: "Updated", number: true, show: (row) =>
                        row["updated"] ? h("span", {title: moment(row["updated"])}, ago(row["updated"])) : "never"},
                    {name: "entries", title: "Entries", number: true, show: (row) => row["entries"] === null ? "—" : whole(row["entries"])},
                    {name: "inForce", title: "In force", number: true, show: (row) => row["inForce"] === null ? "—" : whole(row["inForce"])},
                    {name: "bad", title: "Unreadable", number: true, spare: true, show: (row) => row["bad"] ? short(row["bad"]) : "none"},
                    {name: "problem", title: "State", show: (row) => row["problem"] || row["held"]
                        ? h("span", {class: "health bad"}, row["problem"] ?? `a list of ${row["held"]} entries is held back`)
                        : row["updated"] ? h("span", {class: "health good"}, "well") : h("span", {class: "muted"}, "not read yet")},
                ], found?.rows ?? [], {
                    caption: "Sources of indicators",
                    empty: "No source is configured: intel.sources in skein.yaml, or skein intel feeds --known for some to begin with.",
                }),
            }));
        },
    };

    /**
     * @param {string} value
     * @param {AbortSignal} signal
     */
    function lookUp(value, signal) {
        answer.load([{path: "intel/lookup", parameters: {value}}], signal, ([found]) => {
            const rows = found?.rows ?? [];
            const notes = /** @type {string[]} */ (found?.footing["notes"] ?? []);
            return {content: [
                form,
                rows.length > 0 ? table([
                    {name: "source", title: "Source"}, {name: "value", title: "Entry", wide: true, show: (row) => h("code", {}, row["value"])},
                    {name: "state", title: "State", show: (row) => h("span", {class: row["state"] === "in force" ? "health bad" : "muted"}, row["state"])},
                    {name: "description", title: "Says", wide: true, show: (row) => [row["description"],
                        /^https?:\/\//.test(row["url"]) ? [" ", h("a", {href: row["url"], rel: "noopener noreferrer", target: "_blank"}, "report")] : null]},
                    {name: "since", title: "Since", number: true, spare: true, show: (row) => moment(row["since"]).slice(0, 10)},
                ], rows, {caption: `Who lists ${value}`}) : null,
                rows.length === 0 ? h("p", {class: "verdict"}, "Nobody lists it.") : null,
                /^[\d.]+$|:/.test(value) ? h("div", {class: "actions"},
                    link({view: "flows", filter: `ip ${value}`, more: {mode: "flows"}}, "button", "Its flows")) : null,
            ]};
        });
    }
}
