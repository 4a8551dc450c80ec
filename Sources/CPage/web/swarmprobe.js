// @ts-check
// For tests: what is drawn at a time, in steps from the first one, what it is drawn of, and where.
import {LiveFilm} from "./swarmlive.js";
import {pointOf, stageOf, wayOf} from "./swarmlook.js";
import {sceneHash} from "./swarmmath.js";

/**
 * The view as it is at each moment.
 * @typedef {object} Shown
 * @property {import("./swarmfilm.js").Film} film
 * @property {import("./swarmlook.js").Painter} painter
 * @property {import("./swarmlook.js").Look | undefined} look
 * @property {import("./swarmgl.js").Drawer} paint
 * @property {HTMLElement} stage
 * @property {HTMLCanvasElement} names
 * @property {number} time
 * @property {boolean} isFollowing
 * @property {(to: number) => void} seek
 */

/** @param {() => Shown} shown */
export function probe(shown) {
    return {
        /** @param {number} at */
        drawAt: (at) => {
            const {painter, seek, paint} = shown();
            painter.choice.density = 1;
            seek(at);
            paint.finish();
            return shown().look?.points ?? 0;
        },
        now: () => shown().time,
        isFull: () => shown().paint.isFull,
        count: () => shown().film.count,
        isWhole: () => shown().film.isWhole,
        live: () => {
            const {film, time, isFollowing} = shown();
            return film instanceof LiveFilm && film.header ? {
                isFollowing, isConnected: film.isConnected, behind: film.behind(time), first: film.header.first, begunAnew: film.begunAnew,
                dropped: film.dropped, skipped: film.skipped, flows: (/** @type {number} */ at) => Number(film.scene(at)?.total.flows ?? 0),
            } : undefined;
        },
        /** Nodes and streams of the step that is shown, with their places in the window. */
        things: () => {
            const {film, time, look, names, painter} = shown();
            const scene = film.moment(time)?.scene, box = names.getBoundingClientRect(), ratio = names.width / box.width;
            const within = (/** @type {number} */ x, /** @type {number} */ y) => ({x: box.left + x / ratio, y: box.top + y / ratio});
            return {
                number: scene?.number, step: film.header?.step, total: Number(scene?.total.bytes),
                nodes: scene?.nodes.map(({slot, name, sums}) => {
                    const {x, y, radius} = look?.places[slot] ?? {x: NaN, y: NaN, radius: 0};
                    return {...within(x, y), radius: radius / ratio, slot, ...name, flows: Number(sums.flows), bytes: Number(sums.bytes)};
                }),
                streams: scene?.streams.map((stream) => {
                    const way = look && wayOf(stream, scene, look.places, stageOf(names.width, names.height), painter.bend(stream));
                    const [x, y] = way ? pointOf(way, 0.5) : [NaN, NaN];
                    return {...within(x, y), source: stream.source, target: stream.target, service: film.header?.services[stream.service]?.name,
                        flows: Number(stream.sums.flows), bytes: Number(stream.sums.bytes)};
                }),
            };
        },
        /** @param {number} at */
        sceneHash: (at) => {
            const {film} = shown();
            const scene = film.moment(at)?.scene;
            return scene && film.header ? {made: sceneHash(scene, film.header.seed), told: scene.hash} : undefined;
        },
        /**
         * As in a video of this size, without names.
         * @param {number} at
         * @param {number} width
         * @param {number} height
         */
        frame: (at, width, height) => {
            const {film, painter, paint, stage} = shown();
            const moment = film.moment(at);
            if (!moment) return "";
            const density = painter.choice.density;
            painter.choice.density = 1;
            paint.draw(painter.look(moment, stageOf(width, height, true)), width, height);
            painter.choice.density = density;
            return stage.querySelector("canvas")?.toDataURL("image/png") ?? "";
        },
    };
}
