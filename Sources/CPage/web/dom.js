// @ts-check
// Makes elements. Nothing here or elsewhere takes markup as text, so nothing of a flow can become markup.

/** @typedef {Node | string | number | null | undefined | false} Leaf */
/** @typedef {Leaf | readonly (Leaf | readonly (Leaf | readonly Leaf[])[])[]} Child */
/** @typedef {{[name: string]: any}} Properties */

const svgSpace = "http://www.w3.org/2000/svg";

/**
 * @param {Element} element
 * @param {Properties} properties
 * @param {Child[]} children
 */
function furnish(element, properties, children) {
    for (const [name, value] of Object.entries(properties)) {
        if (value === undefined || value === null || value === false) continue;
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else if (name === "style") Object.assign(/** @type {HTMLElement} */ (element).style, value);
        else element.setAttribute(name, value === true ? "" : String(value));
    }
    add(element, children);
}

/**
 * @param {Node} parent
 * @param {readonly Child[]} children
 */
export function add(parent, children) {
    for (const child of children) {
        if (child === null || child === undefined || child === false) continue;
        if (Array.isArray(child)) add(parent, child);
        else parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
    }
}

/**
 * An element of HTML: `h("a", {href: "/"}, "home")`; `onclick` and the like are listeners.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function h(name, properties = {}, ...children) {
    const element = document.createElement(name);
    furnish(element, properties, children);
    return element;
}

/**
 * An element of SVG.
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Name]}
 */
export function s(name, properties = {}, ...children) {
    const element = document.createElementNS(svgSpace, name);
    furnish(element, properties, children);
    return /** @type {SVGElementTagNameMap[Name]} */ (element);
}

/**
 * Puts children in the place of those that are there.
 * @param {Element} parent
 * @param {...Child} children
 */
export function fill(parent, ...children) {
    parent.replaceChildren();
    add(parent, children);
}

/**
 * Puts other children in only where something has changed: what is used just now is not pulled away.
 * @param {HTMLElement} parent
 * @param {string} version
 * @param {() => Child} make
 */
export function renew(parent, version, make) {
    if (parent.dataset["version"] === version) return;
    parent.dataset["version"] = version;
    fill(parent, make());
}

/** @type {{[name: string]: string}} */
const icons = {
    sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2",
    moon: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z",
    person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5c.6-3.6 3.6-5.5 7.5-5.5s6.9 1.9 7.5 5.5",
    more: "M5 12h.01M12 12h.01M19 12h.01",
    clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2",
    star: "M12 3.5l2.6 5.5 6 .8-4.4 4.1 1.1 6-5.3-2.9-5.3 2.9 1.1-6L3.4 9.8l6-.8z",
    close: "M6 6l12 12M18 6L6 18",
    left: "M15 5l-7 7 7 7",
    right: "M9 5l7 7-7 7",
    out: "M8 12h8M12 8v8M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
    search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20",
};

/**
 * A small picture; what it means is said by whatever it stands in.
 * @param {string} name
 */
export function icon(name) {
    return s("svg", {viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true"},
        s("path", {d: icons[name] ?? ""}));
}

/**
 * Says something to whoever listens instead of looking.
 * @param {string} text
 */
export function say(text) {
    const place = document.getElementById("said");
    if (place) place.textContent = text;
}

/**
 * A short word at the foot of the page, which goes by itself.
 * @param {string} text
 */
export function toast(text) {
    const element = h("div", {class: "toast"}, text);
    document.body.append(element);
    say(text);
    setTimeout(() => element.remove(), 2600);
}

/**
 * @param {string} text
 */
export async function copy(text) {
    try {
        await navigator.clipboard.writeText(text);
        toast("Copied");
    } catch {
        toast("The browser does not let the page copy; select the text instead");
    }
}

/**
 * Hands a file to whoever looks at the page.
 * @param {string} name
 * @param {Blob} blob
 */
export function download(name, blob) {
    const address = URL.createObjectURL(blob);
    const link = h("a", {href: address, download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
