// @ts-check
// What is looked at, elsewhere: the command that makes a video of it, and a picture as it stands.
import {about, configured, quoted} from "./api.js";
import {download} from "./dom.js";
import {instant} from "./format.js";
import {both} from "./state.js";

/**
 * @param {import("./swarmwire.js").Header} header
 * @param {string} filter
 * @param {Set<string>} hidden  services by name
 * @param {boolean} isLive
 * @returns {[command: string, notes: string[]]}
 */
export function videoCommand(header, filter, hidden, isLive) {
    const names = header.services.map(({name}) => name);
    const away = names.filter((name) => hidden.has(name)), left = names.filter((name) => !hidden.has(name));
    const notes = [];
    let term = "";
    if (away.length > 0) {
        // All others have no name, but are not those that have one.
        if (!hidden.has("others")) term = `not service in [${away.join(" ")}]`;
        else if (left.length > 0) term = `service in [${left.join(" ")}]`;
        notes.push(term ? "Hidden services are left out of the video's sums, too, so nodes may differ in size and services in colour."
            : "A video with no service at all cannot be made; this one has all.");
    }
    if (isLive) notes.push("In the video flows are spread over the time that they took; live each counts when it arrives.");
    const wanted = both(filter, term);
    const words = ["skein", "swarm", ...wanted ? [quoted(wanted)] : [], "--from", instant(header.from), "--to", instant(header.to), "--step", lengthOf(header.step)];
    if (header.seed !== 1n) words.push("--seed", String(header.seed));
    words.push("--store", quoted(about().store), ...configured(), "--out", "clip.mp4");
    return [words.join(" "), notes];
}

/**
 * A length of time as the command line takes it, in the largest unit that is exact.
 * @param {number} ms
 */
function lengthOf(ms) {
    const [name, length] = /** @type {[string, number][]} */ ([["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1000]])
        .find(([, length]) => ms % length === 0) ?? ["ms", 1];
    return `${ms / length}${name}`;
}

/**
 * Hands out a picture of canvases that lie over each other.
 * @param {HTMLCanvasElement[]} layers  the lowest first; all as large as the last one
 */
export function savePicture(layers) {
    const canvas = document.createElement("canvas"), last = layers[layers.length - 1];
    [canvas.width, canvas.height] = [last?.width ?? 0, last?.height ?? 0];
    const context = canvas.getContext("2d");
    for (const layer of layers) context?.drawImage(layer, 0, 0);
    canvas.toBlob((blob) => { if (blob) download("skein-swarm.png", blob); });
}
