// @ts-check
// The swarm: what flowed between whom, step by step, played, searched, asked.
import {Refusal} from "./api.js";
import {fill, h, icon, say} from "./dom.js";
import {amount, moment as instantText} from "./format.js";
import {hideTip, showCommand} from "./overlay.js";
import {go, isStreamed, span, state} from "./state.js";
import {savePicture, videoCommand} from "./swarmcommand.js";
import {Film} from "./swarmfilm.js";
import {drawer} from "./swarmgl.js";
import {listen} from "./swarmkeys.js";
import {legend as legendOf, sumsOf} from "./swarmlegend.js";
import {LiveFilm} from "./swarmlive.js";
import {Painter, stageOf} from "./swarmlook.js";
import {saltOf} from "./swarmmath.js";
import {thingAt, writeNames} from "./swarmnames.js";
import {pointing} from "./swarmpointer.js";
import {probe} from "./swarmprobe.js";
import {stepLists} from "./swarmstep.js";
import {describe, detail as detailOf} from "./swarmthings.js";
import {timeline} from "./swarmtimeline.js";
import {marks} from "./swarmwire.js";

/** @typedef {import("./swarmthings.js").Thing} Thing */

/** Steps that a second shows at a speed of 1. */
const stepsASecond = 2;
const speeds = [0.1, 0.25, 0.5, 1, 2, 4, 10, 30, 100, 1000];
/** What frames may take before fewer points are drawn, ms, and when there may be more again. */
const [slow, quick] = [40, 20];

/** @param {HTMLElement} place */
export function swarm(place) {
    /** @type {Film | LiveFilm} */
    let film = new Film();
    let painter = new Painter({salt: 0n, palette: [], hidden: new Set(), density: 1});
    /** The header that the painter's colours are of. */
    let painted = film.header;
    /** Services that are not drawn, by name: another time has others. */
    let hidden = new Set();
    let loading = new AbortController();
    let question = "";
    let asked = "";
    let time = 0, speed = 1, isPlaying = false, isLooping = false;
    /** Of what arrives: whether the newest is shown. */
    let isFollowing = false;
    /** Of what arrives: whether it is known that something is missing. */
    let isMissing = false;
    let last = 0, frame = 0, pace = 0, remembering = 0;
    let shownStep = -1;
    /** @type {Thing | undefined} */
    let pinned;
    let followed = "";
    /** @type {import("./swarmlook.js").Look | undefined} */
    let look;
    const isStill = matchMedia("(prefers-reduced-motion: reduce)");

    const picture = h("canvas", {class: "swarm-picture", "aria-hidden": "true"});
    const names = h("canvas", {class: "swarm-names", role: "img", "aria-label": "What flows between whom; the table below has the figures of this step"});
    const paint = drawer(picture, new URLSearchParams(location.search).get("plain") === "1");
    const stage = h("div", {class: "swarm-stage"}, picture, names);
    const clock = h("output", {class: "swarm-clock"});
    const sums = h("span", {class: "muted"});
    const note = h("p", {class: "trouble", role: "alert", hidden: true});
    const play = h("button", {type: "button", class: "main swarm-play", onclick: toggle});
    const rates = h("select", {"aria-label": "Speed", onchange: () => { speed = Number(rates.value); remember(); }},
        speeds.map((value) => h("option", {value, selected: value === 1}, `${value} ×`)));
    const loop = h("button", {type: "button", "aria-pressed": "false", title: "From the end to the beginning", onclick: () => {
        isLooping = !isLooping;
        remember();
    }}, "Loop");
    const live = h("button", {type: "button", class: "swarm-live", "aria-pressed": "false", onclick: toggleLive,
        title: "Follow what arrives; a flow counts whole in the half second in which it arrived"}, h("span", {class: "dot"}), "Live");
    const delay = h("output", {class: "swarm-delay", "aria-live": "off"});
    const search = h("input", {type: "search", placeholder: "Find a host", "aria-label": "Find a host and follow it", list: "swarm-hosts",
        onchange: find});
    const hosts = h("datalist", {id: "swarm-hosts"});
    const legend = legendOf((name) => {
        if (!hidden.delete(name)) hidden.add(name);
        remember();
    });
    const lists = stepLists((node) => pin({node}));
    const detail = detailOf({
        follow: (name) => { search.value = name; find(); },
        drop: () => { pinned = undefined; render(); drawDetail(); },
    });
    let scrubber = timeline(film, seek, marksOf);
    const bar = h("div", {class: "swarm-bar"},
        h("button", {type: "button", class: "quiet", "aria-label": "A step back", title: "A step back ( , )", onclick: () => step(-1)}, icon("left")),
        play, h("button", {type: "button", class: "quiet", "aria-label": "A step on", title: "A step on ( . )", onclick: () => step(1)}, icon("right")),
        rates, loop, live, clock, h("span", {class: "spring"}), search, hosts,
        h("button", {type: "button", onclick: asCommand}, "As command"),
        h("button", {type: "button", onclick: asPicture}, "As PNG"));
    const times = h("div", {}, scrubber.element);
    fill(place, h("h1", {class: "unseen"}, "Swarm"),
        h("section", {class: "panel swarm", "aria-label": "Swarm"}, note, stage, times, bar, h("div", {class: "swarm-words"}, delay, sums), legend.element),
        h("div", {class: "panels swarm-more"},
            h("section", {class: "panel", "aria-label": "Told of this step"}, h("div", {class: "panel-head"}, h("h2", {}, "Told")), h("div", {class: "panel-body"}, lists.signals, detail.element)),
            h("section", {class: "panel swarm-top", "aria-label": "Largest nodes"}, h("div", {class: "panel-head"}, h("h2", {}, "Largest of this step")), h("div", {class: "panel-body"}, lists.list))));
    const hover = pointing(names, {
        at: (x, y, ratio) => {
            const moment = film.moment(time);
            return moment && look && thingAt(moment, look.places, stageOf(names.width, names.height), painter.choice, x, y, ratio);
        }, describe: known_, choose: pin,
    });
    const unlisten = listen({
        toggle, step, jump: (end) => seek(end ? film.count : 0), drop: () => { pinned = undefined; hideTip(); render(); drawDetail(); },
    });

    /** Asks anew where something else is looked at; else only what belongs to the picture has changed. */
    function refresh() {
        const {filter, more} = state();
        const {from, to} = span();
        const parameters = new URLSearchParams({from: String(from), to: String(to)});
        if (filter) parameters.set("filter", filter);
        for (const name of ["step", "seed"]) if (more[name]) parameters.set(name, more[name]);
        const wanted = `/api/v1/swarm?${parameters}`;
        const wish = Number(more["speed"]);
        speed = speeds.includes(wish) ? wish : 1;
        rates.value = String(speed);
        isLooping = more["loop"] === "1";
        loop.setAttribute("aria-pressed", String(isLooping));
        followed = more["follow"] ?? "";
        search.value = followed;
        hidden = new Set((more["off"] ?? "").split(",").filter(Boolean));
        hide();
        // By its words: “the last hour” is not asked for anew with every look at it.
        const isLive = isStreamed();
        const words = JSON.stringify(isLive ? [filter, more["seed"]] : [filter, state().from, state().to, more["seed"], more["step"]]);
        live.setAttribute("aria-pressed", String(isLive));
        rates.disabled = loop.disabled = isLive;
        if (words === asked) {
            // The same as before.
        } else if (isLive) watch(words, filter, more["seed"] ?? "");
        else load(words, wanted, filter, more["at"] ? Number(more["at"]) : NaN);
        drawLegend();
        render();
    }

    /**
     * @param {string} words
     * @param {string} wanted
     * @param {string} filter
     * @param {number} at  ms since 1970
     */
    async function load(words, wanted, filter, at) {
        const isFirst = asked === "";
        const own = new Film();
        const signal = change(own, words, filter);
        let isBegun = false;
        try {
            await own.load(wanted, signal, () => {
                if (own.header && own.count > 0 && !isBegun) {
                    isBegun = true;
                    begin(isFirst, at);
                }
                if (isBegun && !isPlaying) render();
            });
        } catch (error) {
            if (!signal.aborted) complain(error);
        } finally {
            own.isOver = true;
            if (own === film) stage.removeAttribute("aria-busy");
        }
        render();
    }

    /**
     * Follows what arrives.
     * @param {string} words
     * @param {string} filter
     * @param {string} seed
     */
    async function watch(words, filter, seed) {
        const own = new LiveFilm();
        const signal = change(own, words, filter);
        isFollowing = true;
        const parameters = new URLSearchParams(Object.entries({filter, seed}).filter(([, value]) => value));
        let isBegun = false;
        try {
            await own.follow(`/api/v1/swarm/live?${parameters}`, signal, (shift) => {
                note.textContent = own.isConnected ? "" : "The server does not answer; it is asked again and again.";
                note.hidden = own.isConnected;
                if (own.count === 0) return;
                time = Math.max(0, time - shift);
                if (shift > 0) {
                    shownStep = -1;
                    colour();
                }
                if (!isBegun) {
                    isBegun = true;
                    stage.removeAttribute("aria-busy");
                    begin(true, NaN);
                } else if (!isPlaying) {
                    if (isFollowing) time = own.newest;
                    render();
                }
                if (shift > 0) drawLegend();
            });
        } catch (error) {
            if (!signal.aborted) complain(error);
        } finally {
            own.isOver = true;
            if (own === film) stage.removeAttribute("aria-busy");
        }
    }

    /**
     * Another film in the place of the one that is shown.
     * @param {Film | LiveFilm} own
     * @param {string} words
     * @param {string} filter
     */
    function change(own, words, filter) {
        loading.abort();
        loading = new AbortController();
        [film, asked, question, pinned, shownStep, isFollowing] = [own, words, filter, undefined, -1, false];
        drawDetail();
        scrubber = timeline(film, seek, marksOf);
        fill(times, scrubber.element);
        note.hidden = true;
        delay.textContent = "";
        stage.setAttribute("aria-busy", "true");
        return loading.signal;
    }

    /** @param {unknown} error */
    function complain(error) {
        if (!(error instanceof Refusal) && !(error instanceof TypeError)) throw error;
        note.textContent = error instanceof Refusal ? error.message : "The server does not answer.";
        note.hidden = false;
    }

    /**
     * @param {boolean} isFirst
     * @param {number} at
     */
    function begin(isFirst, at) {
        const header = film.header;
        if (!header) return;
        colour();
        time = Number.isFinite(at) ? Math.max(0, at / header.step - header.first) : film instanceof LiveFilm ? film.newest : isStill.matches ? Math.min(2, header.count - 1) : 0;
        shownStep = -1;
        drawLegend();
        if (isFirst && !isStill.matches && !Number.isFinite(at)) start();
        else render();
    }

    /** Takes the colours of the film; a live one that was begun anew has others. */
    function colour() {
        const {header} = film;
        if (!header || header === painted) return;
        painted = header;
        painter = new Painter({
            salt: saltOf(header.seed), palette: header.services.map((service) => service.color), hidden: new Set(), density: painter.choice.density,
        });
        hide();
    }

    /** Finds the places of the services that are not drawn. */
    function hide() {
        painter.choice.hidden = new Set((film.header?.services ?? []).flatMap(({name}, place_) => hidden.has(name) ? [place_] : []));
        shownStep = -1;
    }

    // MARK: Time

    function start() {
        if (isPlaying || film.count === 0) return;
        if (time >= film.count - 0.01 && film.isOver) time = 0;
        if (film instanceof LiveFilm && time >= film.newest - 1) isFollowing = true;
        isPlaying = true;
        last = 0;
        frame = requestAnimationFrame(run);
        drawPlay();
    }

    function stop() {
        cancelAnimationFrame(frame);
        isFollowing = false;
        if (isPlaying) {
            isPlaying = false;
            remember();
        }
        drawPlay();
    }

    function toggle() { if (isPlaying) stop(); else start(); }

    /** To the newest of what arrives, or back to the time that was looked at. */
    function toggleLive() {
        const isLive = film instanceof LiveFilm;
        if (isLive && !isFollowing) {
            isFollowing = true;
            if (isStill.matches) render();
            else start();
        } else go({more: {live: isLive ? "" : "1", at: ""}});
    }

    /** @param {number} now */
    function run(now) {
        if (!isPlaying) return;
        const took = last === 0 ? 0 : now - last;
        const passed = Math.min(took, 250);
        last = now;
        if (film instanceof LiveFilm) {
            film.frame = film.frame * 0.8 + took * 0.2;
            const {newest} = film;
            time = isFollowing ? newest : time + passed / 1000 * stepsASecond;
            isFollowing ||= time >= newest;
        } else time += passed / 1000 * stepsASecond * speed;
        const end = Math.max(film.count - 1e-3, 0);
        if (time > end) {
            time = film.isOver && isLooping ? 0 : end;
            if (film.isOver && !isLooping) {
                stop();
                render();
                return;
            }
        }
        const begun = performance.now();
        render();
        // Fewer points before fewer frames.
        pace = pace * 0.9 + Math.max(performance.now() - begun, passed - 17) * 0.1;
        const {choice} = painter;
        if (pace > slow && choice.density > 0.13) [choice.density, pace] = [choice.density / 2, (slow + quick) / 2];
        else if (pace < quick && choice.density < 1) [choice.density, pace] = [Math.min(choice.density * 2, 1), (slow + quick) / 2];
        frame = requestAnimationFrame(run);
    }

    /** @param {number} to */
    function seek(to) {
        time = Math.max(0, Math.min(to, Math.max(film.count - 1e-3, 0)));
        stop();
        render();
        // Once it is there: who drags passes many, and browsers take a hundred addresses in half a minute.
        clearTimeout(remembering);
        remembering = window.setTimeout(remember, 250);
    }

    /** @param {number} by */
    function step(by) { seek(Math.floor(time) + by); }

    /** Follows the host that was typed. */
    function find() {
        const text = search.value.trim().toLowerCase();
        followed = film.moment(time)?.scene.nodes.find(({name}) => name.text.toLowerCase() === text)?.name.text ?? text;
        shownStep = -1;
        remember();
        render();
    }

    /** What is looked at stays in the address. */
    function remember() {
        const {header} = film;
        clearTimeout(remembering);
        if (!header || state().view !== "swarm") return;
        const at = Math.round((header.first + time) * header.step);
        go({more: {
            at: isPlaying || film instanceof LiveFilm ? "" : String(at), speed: speed === 1 ? "" : String(speed), follow: followed, off: [...hidden].join(","), loop: isLooping ? "1" : "",
        }}, {replace: true});
    }

    // MARK: Drawing

    function render() {
        const moment = film.moment(time);
        if (!moment || !film.header) return;
        const ratio = Math.min(devicePixelRatio || 1, 2);
        const box = stage.getBoundingClientRect();
        const [width, height] = [Math.max(Math.round(box.width * ratio), 64), Math.max(Math.round(box.height * ratio), 64)];
        look = painter.look(moment, stageOf(width, height));
        paint.draw(look, width, height);
        if (names.width !== width || names.height !== height) [names.width, names.height] = [width, height];
        const context = names.getContext("2d");
        if (context) writeNames(context, moment, look.places, [followed, pinned?.node?.name.text ?? ""].filter(Boolean), ratio);
        scrubber.update(time);
        const {header} = film;
        clock.textContent = instantText((header.first + time) * header.step);
        if (film instanceof LiveFilm) tellDelay(film);
        if (moment.scene.number !== shownStep) {
            shownStep = moment.scene.number;
            drawStep(moment.scene);
        }
    }

    /**
     * How far behind, and what is missing.
     * @param {LiveFilm} own
     */
    function tellDelay(own) {
        const text = own.words(time, isFollowing);
        if (delay.textContent !== text) delay.textContent = text;
        // Said once; how many they become is for those who look.
        if (own.dropped + own.skipped > 0 && !isMissing) say(text);
        isMissing = own.dropped + own.skipped > 0;
        delay.classList.toggle("warn", isMissing || !own.isConnected);
    }

    /** @param {import("./swarmwire.js").Scene} scene */
    function drawStep(scene) {
        sums.textContent = sumsOf(scene, painter.choice, followed);
        if (pinned) drawDetail();
        hover();
        if (lists.draw(scene, isPlaying)) fill(hosts, scene.nodes.filter((node) => node.name.kind === "host").map((node) => h("option", {value: node.name.text})));
    }

    function drawPlay() {
        play.textContent = isPlaying ? "Pause" : "Play";
        play.title = isPlaying ? "Pause ( space )" : "Play ( space )";
        // What was left out while it played.
        shownStep = -1;
    }

    function drawLegend() { legend.draw(film.header?.services ?? [], hidden, film instanceof LiveFilm); }

    // MARK: Things

    /** @param {Thing} thing */
    function pin(thing) {
        pinned = thing;
        render();
        drawDetail();
        const known = known_(thing);
        if (known) say(`${known.title}, ${amount(Number(known.sums.bytes), "bytes")}`);
    }

    /** @param {Thing} thing */
    function known_(thing) {
        const scene = film.moment(time)?.scene;
        return scene && film.header && describe(thing, scene, film.header);
    }

    function drawDetail() { detail.show(pinned, film.moment(time)?.scene, film.header, film instanceof LiveFilm); }

    /**
     * What is told of a step, as marks.
     * @param {number} place_
     */
    function marksOf(place_) {
        const known = film.told[place_];
        if (known !== undefined) return known;
        const bits = {scan: marks.scans, "port scan": marks.scans, flood: marks.flooded, listed: marks.listed, beacon: marks.beacons, upload: marks.uploads};
        return film.told[place_] = (film.scene(place_)?.signals ?? []).reduce((sum, signal) => sum | bits[signal.kind], 0);
    }

    // MARK: Elsewhere

    function asCommand() {
        if (!film.header) return;
        const [text, notes] = videoCommand(film.header, question, hidden, film instanceof LiveFilm);
        showCommand(text, notes);
    }

    function asPicture() {
        // What was drawn is gone once it is shown.
        render();
        savePicture([stage.querySelector("canvas") ?? picture, names]);
    }

    const observer = new ResizeObserver(render);
    observer.observe(stage);
    drawPlay();

    Object.assign(stage, {swarm: probe(() => ({film, painter, look, paint, stage, names, time, isFollowing, seek}))});

    return {refresh, leave: () => {
        cancelAnimationFrame(frame);
        isPlaying = false;
        loading.abort();
        observer.disconnect();
        clearTimeout(remembering);
        unlisten();
        paint.end();
        hideTip();
    }};
}
