// @ts-check
// Tables: sorted by a click on a head, with bars for shares, and values that lead on.
import {fill, h} from "./dom.js";
import {show, term} from "./format.js";
import {menu} from "./overlay.js";
import {both, go, next, address, state} from "./state.js";

/**
 * @typedef {object} Column
 * @property {string} name  the key in rows
 * @property {string} title
 * @property {boolean} [number]  to the right
 * @property {boolean} [pivot]  values lead to a filter
 * @property {boolean} [wide]
 * @property {boolean} [spare]  left out where there is no room
 * @property {(row: import("./api.js").Row) => import("./dom.js").Child} [show]
 * @property {(row: import("./api.js").Row) => number} [bar]  0…1, drawn behind the value
 * @property {string} [colour]
 */

const pairs = /** @type {{[name: string]: string}} */ ({
    srcip: "ip", dstip: "ip", srcport: "port", dstport: "port", srcgeo: "country", dstgeo: "country",
    srcas: "as", dstas: "as",
});

/**
 * A value that offers what can be done with it.
 * @param {string} field
 * @param {any} value
 * @param {import("./dom.js").Child} [label]
 */
export function pivot(field, value, label) {
    const text = show(field, value);
    const plain = field.replace(/\/.*$/, "");
    const only = term(field, value);
    if (!only || value === null) return h("span", {class: "absent"}, label ?? text);
    const button = h("button", {type: "button", class: "value", title: String(value), onclick: open}, label ?? text);
    function open() {
        const {filter} = state();
        /** @type {[string, () => void][]} */
        const entries = [
            ["Only this", () => go({filter: both(filter, only)})],
            ["All but this", () => go({filter: both(filter, `not ${only}`)})],
        ];
        const either = pairs[plain];
        if (either) {
            const wanted = field.includes("/") ? `${either} in [${value}]` : `${either} ${value}`;
            entries.push(["Either way (source or destination)", () => go({filter: both(filter, wanted)})]);
        }
        entries.push(["The flows of this", () => go({view: "flows", filter: both(filter, only), more: {mode: "flows"}})]);
        if (plain.endsWith("ip") && !field.includes("/")) {
            entries.push(["Who lists this address?", () => go({view: "intel", more: {value: String(value)}})]);
        }
        menu(button, entries, `${plain} ${text}`);
    }
    return button;
}

/**
 * How the tables of this page were sorted by hand, by caption and column: an answer that comes anew is sorted so too.
 * @type {Map<string, {sort: string, ascending: boolean}>}
 */
const sorted = new Map();

/**
 * @param {Column[]} columns
 * @param {import("./api.js").Row[]} rows
 * @param {{caption: string, sort?: string, ascending?: boolean, onSort?: (name: string) => void, empty?: string,
 *   detail?: (row: import("./api.js").Row) => import("./dom.js").Child}} options
 */
export function table(columns, rows, options) {
    const key = `${options.caption} ${columns.map((column) => column.name).join()}`;
    const chosen = options.onSort ? undefined : sorted.get(key);
    let sort = chosen?.sort ?? options.sort ?? "";
    let ascending = chosen?.ascending ?? options.ascending ?? false;
    const body = h("tbody");
    const heads = columns.map((column) => h("th", {
        scope: "col", class: `${column.number ? "number" : ""}${column.wide ? " wide" : ""}${column.spare ? " spare" : ""}`,
    }, h("button", {type: "button", onclick: () => resort(column)}, column.title)));

    /** @param {Column} column */
    function resort(column) {
        if (options.onSort) return options.onSort(column.name);
        ascending = sort === column.name ? !ascending : !column.number;
        sort = column.name;
        if (sorted.size > 64) sorted.clear();
        sorted.set(key, {sort, ascending});
        draw();
    }

    function draw() {
        heads.forEach((head, index) => {
            const isSorted = columns[index]?.name === sort;
            head.setAttribute("aria-sort", isSorted ? (ascending ? "ascending" : "descending") : "none");
        });
        const ordered = sort && !options.onSort ? [...rows].sort((a, b) => compare(a[sort], b[sort]) * (ascending ? 1 : -1)) : rows;
        fill(body, ordered.map((row) => {
            const line = h("tr", {}, columns.map((column) => cell(column, row)));
            if (!options.detail) return line;
            const detail = options.detail;
            line.classList.add("opens");
            line.tabIndex = 0;
            line.setAttribute("aria-expanded", "false");
            const toggle = () => {
                const after = line.nextElementSibling;
                if (after?.classList.contains("detail")) after.remove();
                else line.after(h("tr", {class: "detail"}, h("td", {colspan: columns.length}, detail(row))));
                line.setAttribute("aria-expanded", String(!after?.classList.contains("detail")));
            };
            line.addEventListener("click", (event) => {
                if (!(/** @type {Element} */ (event.target)).closest("button,a,input")) toggle();
            });
            line.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target === line) toggle(); });
            return line;
        }));
        if (rows.length === 0) {
            body.append(h("tr", {}, h("td", {colspan: columns.length, class: "nothing"}, options.empty ?? "Nothing in this time.")));
        }
    }

    /**
     * @param {Column} column
     * @param {import("./api.js").Row} row
     */
    function cell(column, row) {
        const value = row[column.name];
        const content = column.show ? column.show(row)
            : column.pivot ? pivot(column.name, value) : show(column.name, value);
        const element = h("td", {
            class: `${column.number ? "number" : ""}${column.wide ? " wide" : ""}${column.spare ? " spare" : ""}`,
        }, content);
        if (column.bar) {
            element.classList.add("bar");
            element.style.setProperty("--part", `${Math.max(0, Math.min(1, column.bar(row))) * 100}%`);
            if (column.colour) element.style.setProperty("--bar", column.colour);
        }
        return element;
    }

    draw();
    return h("div", {class: "table", tabindex: "0", role: "region", "aria-label": options.caption},
        h("table", {}, h("caption", {class: "unseen"}, options.caption), h("thead", {}, h("tr", {}, heads)), body));
}

/**
 * @param {any} a
 * @param {any} b
 */
function compare(a, b) {
    if (a === b) return 0;
    if (a === null || a === undefined) return -1;
    if (b === null || b === undefined) return 1;
    return a < b ? -1 : 1;
}

/**
 * A link to another state of the page, which the browser may also open beside.
 * @param {Partial<import("./state.js").State>} change
 * @param {string} className
 * @param {...import("./dom.js").Child} children
 */
export function link(change, className, ...children) {
    return h("a", {
        href: address(next(change)), class: className,
        onclick: (/** @type {MouseEvent} */ event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
            event.preventDefault();
            go(change);
        },
    }, ...children);
}
