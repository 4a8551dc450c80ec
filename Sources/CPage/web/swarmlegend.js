// @ts-check
// What colours and marks mean, and what of a step is counted.
import {h, renew} from "./dom.js";
import {amount, short} from "./format.js";
import {css} from "./swarmlook.js";
import {told} from "./swarmthings.js";

/** @param {(name: string) => void} toggle  hides a service, or shows it again */
export function legend(toggle) {
    const element = h("div", {class: "legend swarm-legend"});

    /**
     * @param {{name: string, color: number}[]} services
     * @param {Set<string>} hidden
     * @param {boolean} isLive
     */
    function draw(services, hidden, isLive) {
        // Made anew for other services only: whoever has just pressed one stays there.
        renew(element, JSON.stringify([services, isLive]), () => [
            services.map(({name, color}) => h("button", {
                type: "button", "data-service": name, title: "Hide or show; the sums stay those of all", onclick: () => toggle(name),
            }, h("span", {class: "swatch", style: {background: css(color)}}), name)),
            told.map(([name, text, color]) => h("span", {class: "swarm-word", title: text},
                h("span", {class: "swatch round", style: {borderColor: css(color)}}), h("b", {}, name), ` ${text.split(":")[0]}`)),
            isLive ? h("span", {class: "swarm-word"}, h("b", {}, "live"), " a flow counts whole in the half second in which it arrived") : null,
        ]);
        for (const button of element.querySelectorAll("button")) button.setAttribute("aria-pressed", String(!hidden.has(button.dataset["service"] ?? "")));
    }

    return {element, draw};
}

/**
 * The sums of a step, and what of them is drawn.
 * @param {import("./swarmwire.js").Scene} scene
 * @param {{hidden: Set<number>, density: number}} choice
 * @param {string} followed  the name of who is followed; "" for nobody
 */
export function sumsOf(scene, {hidden, density}, followed) {
    const [all, folded] = [Number(scene.total.bytes), Number(scene.folded.bytes)];
    const away = [...hidden].reduce((sum, place) => sum + Number(scene.services[place]?.bytes ?? 0), 0);
    const words = [`${short(Number(scene.total.flows))} flows`];
    if (all > 0) words.push(amount(all, "bytes"), `${short(scene.edges)} pairs, ${Math.floor((all - folded) / all * 100)}\u202f% drawn singly`);
    if (away > 0) words.push(`${amount(away, "bytes")} hidden`);
    if (followed && !scene.nodes.some(({name}) => name.text === followed)) words.push(`${followed} has no place of its own now`);
    if (density < 1) words.push(`${Math.round(density * 100)}\u202f% of the points`);
    return words.join(" · ");
}
