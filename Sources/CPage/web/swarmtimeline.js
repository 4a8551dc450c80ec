// @ts-check
// Octets over the whole time, by service, with what is told of each step: the scrubber of the swarm.
import {moment as instantText} from "./format.js";
import {h, s} from "./dom.js";
import {colors, css} from "./swarmlook.js";
import {marks} from "./swarmwire.js";

/** @typedef {import("./swarmfilm.js").Film} Film */

const height = 64;

/**
 * @param {Film} film
 * @param {(time: number) => void} seek
 * @param {(place: number) => number} marksOf  what is told of a step, as marks
 */
export function timeline(film, seek, marksOf) {
    const bars = s("g"), told = s("g");
    const cursor = s("line", {class: "swarm-cursor", y1: 0, y2: height});
    const ready = s("rect", {class: "swarm-ready", y: height - 2, height: 2});
    const svg = s("svg", {
        class: "swarm-timeline", viewBox: `0 0 1000 ${height}`, preserveAspectRatio: "none", role: "slider", tabindex: 0,
        "aria-label": "Time", "aria-valuemin": 0,
    }, bars, told, ready, cursor);
    const element = h("div", {class: "swarm-time"}, svg);
    let count = 0, told_ = 0, drawn = 0, edition = 0;

    function draw() {
        const {header} = film;
        if (!header || (drawn === header.count && edition === film.edition)) return;
        drawn = header.count;
        count = film.places || drawn;
        bars.replaceChildren();
        if (edition !== film.edition) {
            edition = film.edition;
            told_ = 0;
            told.replaceChildren();
        }
        const sums = header.timeline.map((step) => step.reduce((sum, octets) => sum + octets, 0));
        const most = Math.max(...sums, 1);
        const width = 1000 / count;
        header.services.forEach((service, place) => {
            const path = header.timeline.map((step, index) => {
                const below = step.slice(0, place).reduce((sum, octets) => sum + octets, 0);
                const [low, high] = [height - below / most * (height - 12), height - (below + (step[place] ?? 0)) / most * (height - 12)];
                return low - high < 0.05 ? "" : `M${(index * width).toFixed(2)} ${low.toFixed(2)}h${(width * 0.92).toFixed(2)}V${high.toFixed(2)}h${(-width * 0.92).toFixed(2)}z`;
            }).join("");
            if (path) bars.append(s("path", {d: path, fill: css(service.color), "data-service": place}));
        });
        svg.setAttribute("aria-valuemax", String(Math.max(drawn - 1, 0)));
    }

    /** Marks of steps that have come since. */
    function tell() {
        const width = 1000 / Math.max(count, 1);
        for (; told_ < film.count; told_ += 1) {
            const seen = marksOf(told_);
            [[marks.listed, colors.listed], [marks.scans, colors.scans], [marks.flooded, colors.flooded], [marks.beacons, colors.beacons], [marks.uploads, colors.uploads]]
                .filter(([mark]) => seen & (mark ?? 0)).forEach(([, color], row) => {
                    told.append(s("rect", {x: told_ * width, y: row * 3, width: Math.max(width * 0.92, 1.5), height: 2.4, fill: css(color ?? 0)}));
                });
        }
        ready.setAttribute("width", String(film.count * width));
    }

    /** @param {PointerEvent} event */
    function follow(event) {
        const box = svg.getBoundingClientRect();
        seek(Math.max(0, Math.min((event.clientX - box.left) / box.width * count, Math.max(film.count - 1e-6, 0))));
    }
    svg.addEventListener("pointerdown", (event) => {
        svg.setPointerCapture(event.pointerId);
        follow(event);
    });
    svg.addEventListener("pointermove", (event) => { if (svg.hasPointerCapture(event.pointerId)) follow(event); });

    /** @param {number} time */
    function update(time) {
        draw();
        tell();
        const x = String(time / Math.max(count, 1) * 1000);
        cursor.setAttribute("x1", x);
        cursor.setAttribute("x2", x);
        const {header} = film;
        svg.setAttribute("aria-valuenow", String(Math.floor(time)));
        if (header) svg.setAttribute("aria-valuetext", instantText((header.first + time) * header.step));
    }

    return {element, svg, update};
}
