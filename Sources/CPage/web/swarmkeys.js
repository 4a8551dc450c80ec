// @ts-check
// The swarm's keys. They hold wherever the page is, but for where keys mean something else.

/**
 * @typedef {object} Acts
 * @property {() => void} toggle
 * @property {(by: number) => void} step
 * @property {(end: boolean) => void} jump  to the end, or the beginning
 * @property {() => void} drop  lets go of what is kept
 */

/** What takes all keys for itself, and what takes arrows. */
const [typed, scrolled] = ["input, select, textarea, dialog, .menu, #choices", ".table, .command"];

/**
 * @param {Acts} acts
 * @returns {() => void} ends it
 */
export function listen(acts) {
    /** @param {KeyboardEvent} event */
    function press(event) {
        const target = /** @type {Element} */ (event.target);
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.closest(typed) || document.querySelector("dialog[open]")) return;
        const act = actOf(event, target);
        if (!act) return;
        event.preventDefault();
        act();
    }

    /**
     * @param {KeyboardEvent} event
     * @param {Element} target
     * @returns {(() => void) | undefined}
     */
    function actOf({key, code, shiftKey}, target) {
        const many = shiftKey ? 10 : 1;
        // By its place with Shift: it is another character then, another one on each keyboard.
        if (key === "," || shiftKey && code === "Comma") return () => acts.step(-many);
        if (key === "." || shiftKey && code === "Period") return () => acts.step(many);
        if (key === " " && !target.closest("button, a, [role=region], pre")) return acts.toggle;
        if (key === "Escape") return acts.drop;
        if (target.closest(scrolled)) return undefined;
        if (key === "ArrowLeft") return () => acts.step(-many);
        if (key === "ArrowRight") return () => acts.step(many);
        // Elsewhere they move the page.
        if (!target.closest("[role=slider]")) return undefined;
        if (key === "ArrowDown" || key === "PageDown") return () => acts.step(key === "PageDown" ? -10 : -many);
        if (key === "ArrowUp" || key === "PageUp") return () => acts.step(key === "PageUp" ? 10 : many);
        if (key === "Home" || key === "End") return () => acts.jump(key === "End");
        return undefined;
    }

    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
}
