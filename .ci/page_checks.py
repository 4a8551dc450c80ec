"""What is wrong with a page, whatever it shows: names, sizes, contrast, and the way of the focus."""

# What is wrong with the page as it stands, a line each.
CHECK = """() => {
    const wrong = [];
    const visible = (element) => element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
    const where = (element) => `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""} “${(element.textContent ?? "").trim().slice(0, 40)}”`;
    if (document.documentElement.scrollWidth > innerWidth) wrong.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${innerWidth}`);
    if (document.querySelectorAll("h1").length !== 1) wrong.push("there is not one h1");
    for (const element of document.querySelectorAll("button, a[href], input, select, [role=button], svg[role=img], [role=region]")) {
        if (!visible(element)) continue;
        const named = (element.getAttribute("aria-label") ?? "") + (element.textContent ?? "").trim() + [...(element.labels ?? [])].map((label) => label.textContent).join("");
        if (!named) wrong.push(`without a name: ${where(element)}`);
        const box = element.getBoundingClientRect();
        if (element.matches("button, a[href], select, input") && box.height > 0 && Math.min(box.width, box.height) < 14) wrong.push(`too small to hit: ${where(element)}`);
    }
    for (const image of document.querySelectorAll("img")) if (!image.hasAttribute("alt")) wrong.push("an image without alt");
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push(`the id ${id} is there twice`);
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const colour = (text) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const light = ([r, g, b]) => [r, g, b].map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const [r, g, b, a] = colour(getComputedStyle(at).backgroundColor);
            if (a > 250) return [r, g, b];
        }
        return colour(getComputedStyle(document.body).backgroundColor);
    };
    const seen = new Set();
    for (const element of document.querySelectorAll("body *")) {
        const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
        if (!text || !visible(element) || element.closest("svg, option, .unseen, [disabled]")) continue;
        const ink = light(colour(getComputedStyle(element).color)), paper = light(ground(element));
        const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        const name = where(element).replace(/“.*/, "");
        if (contrast < 4.5 && !seen.has(name)) { seen.add(name); wrong.push(`contrast ${contrast.toFixed(2)}: ${where(element)}`); }
    }
    return wrong;
}"""

# What can be tabbed to, marked by a number; of a group of radio buttons one.
MARK = """() => {
    let count = 0;
    const groups = new Set();
    for (const element of document.querySelectorAll("button, a[href], input, select, textarea, summary, [tabindex]")) {
        const isThere = element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) && element.getBoundingClientRect().width > 0;
        if (element.tabIndex < 0 || element.disabled || !isThere) continue;
        if (element.type === "radio") {
            if (groups.has(element.name)) continue;
            groups.add(element.name);
        }
        element.dataset.stop = String(count++);
    }
    return count;
}"""

# Where the focus is, and what is wrong there; the colours are those of the element and of the ground about it.
HERE = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const wrong = [];
    const where = `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""} “${(element.getAttribute("aria-label") ?? element.textContent ?? "").trim().slice(0, 40)}”`;
    const box = element.getBoundingClientRect();
    if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth) wrong.push(`the focus is outside the window: ${where}`);
    // A field's own frame may show it, a shape's outline may be drawn.
    const shows = [element, element.closest(".filter"), ...element.querySelectorAll("rect, circle, path")].some((part) => {
        if (!part) return false;
        const style = getComputedStyle(part);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
            || style.boxShadow !== "none" || (part !== element && parseFloat(style.strokeWidth) >= 2 && style.stroke !== "none");
    });
    if (!shows) wrong.push(`the focus cannot be seen: ${where}`);
    const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1), y = Math.min(Math.max(box.top + Math.min(box.height, innerHeight) / 2, 0), innerHeight - 1);
    const over = document.elementFromPoint(x, y);
    const frame = over?.closest("header, .menu, dialog");
    if (over && !element.contains(over) && !over.contains(element) && frame && !frame.contains(element)) wrong.push(`something lies over the focus: ${where}`);
    return {stop: element.dataset.stop ?? null, wrong, where};
}"""


def walk(page, most=150):
    """Tabs through the page once, of long lists the first `most`: every stop is reached and seen, and lets go."""
    page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); getSelection().removeAllRanges(); }")
    stops = page.evaluate(MARK)
    reached, wrong, begun = set(), [], False
    for _ in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here is None:
            if begun:
                break
            continue
        begun = True
        if here["stop"] in reached and here["stop"] is not None:
            break
        reached.add(here["stop"])
        wrong += [problem for problem in here["wrong"] if problem not in wrong]
    else:
        if stops < most:
            wrong.append("the focus finds no end after %d steps" % most)
    left = [stop for stop in range(min(stops, most)) if str(stop) not in reached]
    if left and stops < most:
        wrong.append("%d of %d stops are not reached, the first is %s" % (len(left), stops, page.evaluate(
            "stop => document.querySelector(`[data-stop='${stop}']`)?.outerHTML.slice(0, 120) ?? 'gone'", left[0])))
    return wrong
