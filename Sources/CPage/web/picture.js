// @ts-check
// A drawing of the page as a file of its own.

const properties = [
    "fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "fill-opacity", "stroke-opacity",
    "opacity", "font-size", "font-family", "font-weight", "text-anchor", "visibility",
];

/**
 * The drawing with what the style sheet says written into it.
 * @param {SVGSVGElement} svg
 * @param {string} title
 */
export function picture(svg, title) {
    return new Blob([text(svg, title)], {type: "image/svg+xml"});
}

/**
 * @param {SVGSVGElement} svg
 * @param {string} title
 */
function text(svg, title) {
    const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
    const box = svg.getBoundingClientRect();
    copy.setAttribute("width", String(Math.round(box.width)));
    copy.setAttribute("height", String(Math.round(box.height)));
    const originals = svg.querySelectorAll("*");
    copy.querySelectorAll("*").forEach((element, index) => {
        const original = originals[index];
        if (!original) return;
        const style = getComputedStyle(original);
        for (const property of properties) element.setAttribute(property, style.getPropertyValue(property));
        element.removeAttribute("class");
        element.removeAttribute("style");
    });
    const space = "http://www.w3.org/2000/svg";
    const ground = document.createElementNS(space, "rect");
    ground.setAttribute("width", "100%");
    ground.setAttribute("height", "100%");
    ground.setAttribute("fill", getComputedStyle(document.body).getPropertyValue("--panel"));
    const name = document.createElementNS(space, "title");
    name.textContent = title;
    copy.prepend(name, ground);
    return new XMLSerializer().serializeToString(copy);
}

/**
 * The same in points, two for each of the screen's.
 * @param {SVGSVGElement} svg
 * @param {string} title
 * @returns {Promise<Blob>}
 */
export async function raster(svg, title) {
    const box = svg.getBoundingClientRect();
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text(svg, title))}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(box.width * 2);
    canvas.height = Math.round(box.height * 2);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve, reject) => canvas.toBlob((blob) => blob ? resolve(blob) : reject(new Error("no picture"))));
}
