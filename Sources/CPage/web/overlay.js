// @ts-check
// What lies over the page for a moment: menus, dialogues, tips.
import {add, copy, fill, h} from "./dom.js";

/** @type {(() => void) | undefined} */
let closeOpen;

/**
 * A menu under a button; it has the focus until something is chosen or Escape is pressed.
 * @param {HTMLElement} anchor
 * @param {[string, () => void][]} entries
 * @param {string} [heading]
 */
export function menu(anchor, entries, heading) {
    closeOpen?.();
    const items = entries.map(([text, act]) => h("button", {
        type: "button", role: "menuitem", onclick: () => { close(); act(); },
    }, text));
    const element = h("div", {class: "menu", role: "menu", onkeydown: move},
        heading ? h("div", {class: "menu-head"}, heading) : null, items);
    const place = anchor.getBoundingClientRect();
    document.body.append(element);
    const {width, height} = element.getBoundingClientRect();
    const left = Math.max(8, Math.min(place.left, innerWidth - width - 8));
    const below = place.bottom + 4 + height < innerHeight;
    element.style.left = `${left + scrollX}px`;
    element.style.top = `${(below ? place.bottom + 4 : Math.max(8, place.top - height - 4)) + scrollY}px`;
    items[0]?.focus({preventScroll: true});

    /** @param {KeyboardEvent} event */
    function move(event) {
        if (event.key === "Escape" || event.key === "Tab") {
            event.preventDefault();
            event.stopPropagation();
            close();
            anchor.focus();
        }
        const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
        if (step === 0) return;
        event.preventDefault();
        const at = items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
        items[(at + step + items.length) % items.length]?.focus();
    }
    function outside(/** @type {Event} */ event) {
        if (!element.contains(/** @type {Node} */ (event.target))) close();
    }
    function close() {
        element.remove();
        removeEventListener("pointerdown", outside, true);
        closeOpen = undefined;
    }
    addEventListener("pointerdown", outside, true);
    closeOpen = close;
}

/**
 * A dialogue; Escape closes it.
 * @param {string} heading
 * @param {...import("./dom.js").Child} children
 */
export function dialogue(heading, ...children) {
    const element = h("dialog", {"aria-label": heading, onclose: () => element.remove()},
        h("div", {class: "dialogue-head"}, h("h2", {}, heading),
            h("button", {type: "button", class: "quiet", "aria-label": "Close", onclick: () => element.close()}, "✕")));
    add(element, children);
    element.addEventListener("click", (event) => { if (event.target === element) element.close(); });
    document.body.append(element);
    element.showModal();
    return element;
}

/**
 * A command that can be copied.
 * @param {string} text
 * @param {string[]} [notes]  where it is not quite the same
 */
export function showCommand(text, notes = []) {
    dialogue("The same on the command line",
        h("pre", {class: "command", tabindex: "0"}, text), notes.map((note) => h("p", {class: "notes"}, note)),
        h("div", {class: "actions"}, h("button", {type: "button", class: "main", onclick: () => copy(text)}, "Copy")));
}

const tip = h("div", {class: "tip", role: "tooltip", hidden: true});

/**
 * Shows a tip beside a place of the window.
 * @param {number} x
 * @param {number} y
 * @param {...import("./dom.js").Child} children
 */
export function showTip(x, y, ...children) {
    if (!tip.isConnected) document.body.append(tip);
    fill(tip, ...children);
    tip.hidden = false;
    const {width, height} = tip.getBoundingClientRect();
    const left = x + 16 + width > innerWidth - 8 ? Math.max(8, x - width - 16) : x + 16;
    tip.style.left = `${left}px`;
    tip.style.top = `${Math.max(8, Math.min(y - height / 2, innerHeight - height - 8))}px`;
}

export function hideTip() { tip.hidden = true; }
