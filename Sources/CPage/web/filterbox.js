// @ts-check
// The box for filters: completion of words and of values that are there, errors under the caret, what was
// asked before and what was saved.
import {about, ask, check} from "./api.js";
import {fill, h, icon} from "./dom.js";
import {go, keep, kept, span, state} from "./state.js";
import {short, show} from "./format.js";
import {fieldOf, phrases} from "./words.js";

/** @typedef {{text: string, hint: string, from: number, to: number, whole?: boolean}} Choice */

const historyMax = 30;

/** @param {string} name */
const list = (name) => /** @type {string[]} */ (kept(name, /** @type {string[]} */ ([])));

export function filterBox() {
    const input = h("input", {
        id: "filter", type: "text", spellcheck: "false", autocomplete: "off", autocapitalize: "off",
        role: "combobox", "aria-expanded": "false", "aria-controls": "choices", "aria-autocomplete": "list",
        "aria-label": "Filter", "aria-describedby": "filter-error",
        placeholder: "Which flows? src net 10/8 and dst port 443   ( / )",
    });
    const choices = h("ul", {id: "choices", role: "listbox", "aria-label": "Completions", hidden: true});
    const error = h("div", {id: "filter-error", class: "filter-error", role: "alert", hidden: true});
    const star = h("button", {type: "button", class: "quiet", title: "Save this filter", onclick: save}, icon("star"));
    const clear = h("button", {
        type: "button", class: "quiet", title: "All flows", "aria-label": "Clear the filter",
        onclick: () => { input.value = ""; apply(); input.focus(); },
    }, icon("close"));
    const box = h("form", {class: "filter", role: "search", onsubmit: submit},
        h("span", {class: "filter-icon"}, icon("search")), input, clear, star, choices, error);

    /** @type {Choice[]} */
    let offered = [];
    let chosen = -1;
    let controller = new AbortController();
    let timer = 0;

    function submit(/** @type {Event} */ event) {
        event.preventDefault();
        const choice = offered[chosen];
        if (choice && !choices.hidden) take(choice);
        else apply();
    }

    async function apply() {
        close();
        const filter = input.value.trim();
        if (filter && !(await verify(filter))) return;
        if (filter) keep("history", [filter, ...list("history").filter((text) => text !== filter)].slice(0, historyMax));
        if (filter !== state().filter) go({filter});
    }

    function save() {
        const filter = input.value.trim();
        if (!filter) return;
        const saved = list("saved");
        keep("saved", saved.includes(filter) ? saved.filter((text) => text !== filter) : [filter, ...saved]);
        refresh();
    }

    function refresh() {
        const isSaved = list("saved").includes(input.value.trim());
        star.setAttribute("aria-pressed", String(isSaved));
        star.setAttribute("aria-label", isSaved ? "Forget this filter" : "Save this filter");
        clear.hidden = star.hidden = !input.value;
    }

    /** @param {string} filter */
    async function verify(filter) {
        controller.abort();
        controller = new AbortController();
        try {
            const answer = await check(filter, controller.signal);
            complain(answer.well ? "" : answer.message ?? "", answer.from ?? 0, answer.to ?? 0);
            return answer.well;
        } catch {
            return true;
        }
    }

    /**
     * @param {string} message
     * @param {number} from
     * @param {number} to
     */
    function complain(message, from, to) {
        error.hidden = !message;
        input.setAttribute("aria-invalid", String(Boolean(message)));
        if (!message) return;
        const text = input.value;
        fill(error,
            h("div", {class: "caret", "aria-hidden": "true"},
                text.slice(0, from), h("mark", {}, text.slice(from, Math.max(to, from + 1)) || " "), text.slice(Math.max(to, from + 1))),
            h("div", {}, message));
    }

    function close() {
        choices.hidden = true;
        chosen = -1;
        input.setAttribute("aria-expanded", "false");
        input.removeAttribute("aria-activedescendant");
    }

    /** @param {Choice[]} found */
    function offer(found) {
        offered = found;
        chosen = -1;
        if (found.length === 0) return close();
        fill(choices, found.map((choice, index) => h("li", {
            id: `choice-${index}`, role: "option", "aria-selected": "false",
            onmousedown: (/** @type {Event} */ event) => { event.preventDefault(); take(choice); },
        }, h("span", {class: "word"}, choice.text), h("span", {class: "hint"}, choice.hint))));
        choices.hidden = false;
        input.setAttribute("aria-expanded", "true");
    }

    /** @param {Choice} choice */
    function take(choice) {
        const tail = input.value.slice(choice.to);
        const head = input.value.slice(0, choice.from) + choice.text + (choice.whole ? "" : " ");
        input.value = head + tail.replace(/^ /, "");
        input.setSelectionRange(head.length, head.length);
        close();
        refresh();
        if (choice.whole) apply();
        else suggest();
    }

    /** @returns {Choice[]} */
    function remembered() {
        const saved = list("saved");
        const all = {from: 0, to: input.value.length, whole: true};
        return [
            ...saved.map((text) => ({text, hint: "saved", ...all})),
            ...list("history").filter((text) => !saved.includes(text)).slice(0, 8)
                .map((text) => ({text, hint: "before", ...all})),
        ];
    }

    async function suggest() {
        const caret = input.selectionStart ?? input.value.length;
        const head = input.value.slice(0, caret);
        const word = /[\w./@:-]*$/.exec(head)?.[0] ?? "";
        const start = caret - word.length;
        if (!head.trim()) return offer(remembered());
        const place = {from: start, to: caret};
        const phrase = /((?:src|dst|in|out) \w+|\w+)\s*(?:=|==|!=|in \[)?\s*$/.exec(head.slice(0, start))?.[1]?.toLowerCase() ?? "";
        const field = fieldOf[phrase] ?? about().fields.find((field) => field.name === phrase)?.name;
        if (field && /\s$/.test(head.slice(0, start))) return values(field, word, place);
        const lower = word.toLowerCase();
        if (!lower) return close();
        if (lower.startsWith("@")) {
            return offer(about().sets.filter((name) => `@${name}`.startsWith(lower))
                .map((name) => ({text: `@${name}`, hint: "listed addresses", ...place})));
        }
        const words = [...phrases, ...about().fields.map((field) => /** @type {[string, string]} */ ([field.name, field.about]))];
        offer(words.filter(([text]) => text.startsWith(lower) && text !== lower).slice(0, 9)
            .map(([text, hint]) => ({text, hint, ...place})));
    }

    /**
     * The values that a field has in the time looked at, the largest first.
     * @param {string} field
     * @param {string} word
     * @param {{from: number, to: number}} place
     */
    async function values(field, word, place) {
        const {from, to} = span();
        controller.abort();
        controller = new AbortController();
        try {
            const answer = await ask({path: "query", parameters: {by: field, top: 40, from, to}}, controller.signal);
            offer(answer.rows.filter((row) => row[field] !== null && String(row[field]).toLowerCase().startsWith(word.toLowerCase()))
                .slice(0, 9).map((row) => {
                    const said = show(field, row[field]);
                    const value = String(row[field]);
                    return {text: value, hint: `${said === value ? "" : `${said} · `}${short(row.bytes, "B")}`, ...place};
                }));
        } catch {
            close();
        }
    }

    input.addEventListener("input", () => {
        refresh();
        suggest();
        clearTimeout(timer);
        error.hidden = true;
        timer = window.setTimeout(() => input.value.trim() ? verify(input.value) : complain("", 0, 0), 450);
    });
    input.addEventListener("focus", () => { if (!input.value) suggest(); });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
        if (event.key === "Escape") {
            if (choices.hidden) { input.value = state().filter; complain("", 0, 0); input.blur(); }
            close();
        } else if (event.key === "Tab" && !event.shiftKey && !choices.hidden && offered[Math.max(chosen, 0)]) {
            event.preventDefault();
            take(/** @type {Choice} */ (offered[Math.max(chosen, 0)]));
        } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            if (choices.hidden) { suggest(); return; }
            const step = event.key === "ArrowDown" ? 1 : -1;
            chosen = (chosen + step + offered.length + (chosen < 0 && step < 0 ? 1 : 0)) % offered.length;
            [...choices.children].forEach((option, index) => {
                option.setAttribute("aria-selected", String(index === chosen));
                if (index === chosen) option.scrollIntoView({block: "nearest"});
            });
            input.setAttribute("aria-activedescendant", `choice-${chosen}`);
        }
    });

    return {
        element: box,
        focus() { input.focus(); input.select(); },
        update() {
            if (document.activeElement !== input || state().filter !== input.value.trim()) input.value = state().filter;
            complain("", 0, 0);
            refresh();
        },
    };
}
