// @ts-check
// The swarm: what flowed between whom, step by step, played, searched, asked.
import {Refusal, about, command, configured, quoted} from "./api.js";
import {download, fill, h, icon, say} from "./dom.js";
import {amount, instant, moment as instantText, short, whole} from "./format.js";
import {hideTip, showCommand, showTip} from "./overlay.js";
import {both, go, span, state} from "./state.js";
import {Film} from "./swarmfilm.js";
import {drawer} from "./swarmgl.js";
import {LiveFilm} from "./swarmlive.js";
import {Painter, colors, css, stageOf} from "./swarmlook.js";
import {saltOf, sceneHash} from "./swarmmath.js";
import {thingAt, writeNames} from "./swarmnames.js";
import {timeline} from "./swarmtimeline.js";
import {marks} from "./swarmwire.js";
import {link, table} from "./table.js";

/** @typedef {import("./swarmwire.js").Node_} Node_ */
/** @typedef {import("./swarmwire.js").Signal} Signal */
/** @typedef {import("./swarmnames.js").Thing} Thing */

/** Steps that a second shows at a speed of 1. */
const stepsASecond = 2;
const speeds = [0.1, 0.25, 0.5, 1, 2, 4, 10, 30, 100, 1000];
/** What frames may take before fewer points are drawn, ms, and when there may be more again. */
const [slow, quick] = [40, 20];

const told = /** @type {[string, string, number, number][]} */ ([
    ["listed host", "a red ring that pulses: an address of the indicator lists", colors.listed, marks.listed],
    ["scan", "a yellow fan: asks many, and few answer", colors.scans, marks.scans],
    ["flood", "an orange cone: asked by many, and answers few", colors.flooded, marks.flooded],
    ["beacon", "a ring that spreads: as regular as a clock", colors.beacons, marks.beacons],
]);

/** @param {HTMLElement} place */
export function swarm(place) {
    /** @type {Film | LiveFilm} */
    let film = new Film();
    let painter = new Painter({salt: 0n, palette: [], hidden: new Set(), density: 1});
    let loading = new AbortController();
    let question = "";
    let asked = "";
    let time = 0, speed = 1, isPlaying = false, isLooping = false;
    /** Of what arrives: whether the newest is shown. */
    let isFollowing = false;
    let last = 0, frame = 0, pace = 0;
    let shownStep = -1, toldAt = 0, listedAt = 0;
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
        loop.setAttribute("aria-pressed", String(isLooping));
    }}, "Loop");
    const live = h("button", {type: "button", class: "swarm-live", "aria-pressed": "false", onclick: toggleLive,
        title: "Follow what arrives; a flow counts whole in the half second in which it arrived"}, h("span", {class: "dot"}), "Live");
    const delay = h("output", {class: "swarm-delay", "aria-live": "off"});
    const search = h("input", {type: "search", placeholder: "Find a host", "aria-label": "Find a host and follow it", list: "swarm-hosts",
        onchange: () => { followed = search.value.trim(); remember(); render(); }});
    const hosts = h("datalist", {id: "swarm-hosts"});
    const legend = h("div", {class: "legend swarm-legend"});
    const signals = h("ul", {class: "swarm-signals", "aria-label": "Told of this step"});
    const detail = h("div", {class: "swarm-detail"});
    const list = h("div", {class: "swarm-list"});
    let scrubber = timeline(film, seek, marksOf);
    const bar = h("div", {class: "swarm-bar"},
        h("button", {type: "button", class: "quiet", "aria-label": "A step back", title: "A step back ( , )", onclick: () => step(-1)}, icon("left")),
        play, h("button", {type: "button", class: "quiet", "aria-label": "A step on", title: "A step on ( . )", onclick: () => step(1)}, icon("right")),
        rates, loop, live, clock, delay, sums, h("span", {class: "spring"}), search, hosts,
        h("button", {type: "button", onclick: () => showCommand(videoCommand())}, "As command"),
        h("button", {type: "button", onclick: asPicture}, "As PNG"));
    const times = h("div", {}, scrubber.element);
    fill(place, h("h1", {class: "unseen"}, "Swarm"),
        h("section", {class: "panel swarm", "aria-label": "Swarm"}, note, stage, times, bar, legend),
        h("div", {class: "panels swarm-more"},
            h("section", {class: "panel", "aria-label": "Told of this step"}, h("div", {class: "panel-head"}, h("h2", {}, "Told")), h("div", {class: "panel-body"}, signals, detail)),
            h("section", {class: "panel swarm-top", "aria-label": "Largest nodes"}, h("div", {class: "panel-head"}, h("h2", {}, "Largest of this step")), h("div", {class: "panel-body"}, list))));
    place.addEventListener("keydown", keys);

    /** Asks anew where something else is looked at; else only what belongs to the picture has changed. */
    function refresh() {
        const {filter, more} = state();
        const {from, to} = span();
        const parameters = new URLSearchParams({from: String(from), to: String(to)});
        if (filter) parameters.set("filter", filter);
        if (more["step"]) parameters.set("step", more["step"]);
        const wanted = `/api/v1/swarm?${parameters}`;
        if (more["speed"]) {
            speed = Number(more["speed"]) || 1;
            rates.value = String(speed);
        }
        followed = more["follow"] ?? "";
        search.value = followed;
        const off = (more["off"] ?? "").split(",").filter(Boolean).map(Number);
        painter.choice.hidden = new Set(off);
        // By its words: “the last hour” is not asked for anew with every look at it.
        const isLive = more["live"] === "1";
        const words = JSON.stringify(isLive ? [filter] : [filter, state().from, state().to, more["step"]]);
        live.setAttribute("aria-pressed", String(isLive));
        rates.disabled = loop.disabled = isLive;
        if (words === asked) {
            // The same as before.
        } else if (isLive) watch(words, filter);
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
     */
    async function watch(words, filter) {
        const own = new LiveFilm();
        const signal = change(own, words, filter);
        isFollowing = true;
        const parameters = new URLSearchParams(filter ? {filter} : {});
        let isBegun = false;
        try {
            await own.follow(`/api/v1/swarm/live?${parameters}`, signal, (shift) => {
                note.textContent = own.isConnected ? "" : "The server does not answer; it is asked again and again.";
                note.hidden = own.isConnected;
                if (own.count === 0) return;
                time = Math.max(0, time - shift);
                if (shift > 0) shownStep = -1;
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
        fill(detail);
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
        painter = new Painter({
            salt: saltOf(header.seed), palette: header.services.map((service) => service.color), hidden: painter.choice.hidden, density: painter.choice.density,
        });
        time = Number.isFinite(at) ? Math.max(0, at / header.step - header.first) : film instanceof LiveFilm ? film.newest : isStill.matches ? Math.min(2, header.count - 1) : 0;
        shownStep = -1;
        drawLegend();
        if (isFirst && !isStill.matches && !Number.isFinite(at)) start();
        else render();
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
    }

    /** @param {number} by */
    function step(by) { seek(Math.floor(time) + by); }

    /** What is looked at stays in the address. */
    function remember() {
        const {header} = film;
        if (!header || document.body.dataset["view"] !== "swarm") return;
        const at = Math.round((header.first + time) * header.step);
        go({more: {
            at: isPlaying || film instanceof LiveFilm ? "" : String(at), speed: speed === 1 ? "" : String(speed), follow: followed, off: [...painter.choice.hidden].join(","),
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
        const words = [`${!own.isConnected ? "not connected" : isFollowing ? "live" : "paused"}, ${own.behind(time).toFixed(1)}\u202fs behind`];
        if (own.dropped > 0) words.push(`dropped: ${whole(own.dropped)} flows`);
        if (own.skipped > 0) words.push(`skipped: ${whole(own.skipped)} steps`);
        if (own.begunAnew > 0) words.push(`begun anew ${instantText(own.begunAnew)}`);
        const text = words.join(" · ");
        if (delay.textContent !== text) delay.textContent = text;
        delay.classList.toggle("warn", own.dropped + own.skipped > 0 || !own.isConnected);
    }

    /** @param {import("./swarmwire.js").Scene} scene */
    function drawStep(scene) {
        const [all, folded] = [Number(scene.total.bytes), Number(scene.folded.bytes)];
        sums.textContent = `${short(Number(scene.total.flows))} flows · ${amount(all, "bytes")} · ${short(scene.edges)} pairs, `
            + `${all > 0 ? Math.floor((all - folded) / all * 100) : 100}\u202f% drawn singly`
            + `${painter.choice.density < 1 ? ` · ${Math.round(painter.choice.density * 100)}\u202f% of the points` : ""}`;
        // Ten times a second is as often as anybody reads.
        const now = performance.now();
        if (isPlaying && now - toldAt < 100) return;
        toldAt = now;
        const {header} = film;
        fill(signals, scene.signals.length === 0 ? h("li", {class: "muted"}, "nothing remarkable") : scene.signals.slice(0, 7).map((signal) => {
            const color = told.find(([name]) => name.startsWith(signal.kind.replace("port ", "").replace("listed", "listed host")))?.[2] ?? 0;
            return h("li", {}, h("span", {class: "swatch", style: {background: css(color)}}), says(signal));
        }));
        if (pinned && header) drawDetail();
        // Whoever is about to choose one of them is left to it.
        if (isPlaying && (now - listedAt < 1000 || list.contains(document.activeElement))) return;
        listedAt = now;
        const rows = [...scene.nodes].sort((a, b) => Number(b.sums.bytes) - Number(a.sums.bytes)).slice(0, 12).map((node) => ({
            name: node.name.text, flows: Number(node.sums.flows), bytes: Number(node.sums.bytes), told: markText(node.marks), node,
        }));
        fill(list, table([
            {name: "name", title: "Node", wide: true, show: (row) => h("button", {type: "button", class: "value", onclick: () => pin({node: row["node"]})}, row["name"])},
            {name: "told", title: "Told", spare: true, show: (row) => row["told"]},
            {name: "flows", title: "Flows", number: true, show: (row) => short(row["flows"])},
            {name: "bytes", title: "Octets", number: true, show: (row) => amount(row["bytes"], "bytes")},
        ], rows, {caption: "Largest nodes of this step"}));
        fill(hosts, scene.nodes.filter((node) => node.name.kind === "host").map((node) => h("option", {value: node.name.text})));
    }

    function drawPlay() {
        play.textContent = isPlaying ? "Pause" : "Play";
        play.title = isPlaying ? "Pause ( space )" : "Play ( space )";
        // What was left out while it played.
        shownStep = -1;
    }

    function drawLegend() {
        const {header} = film;
        const {hidden} = painter.choice;
        fill(legend, (header?.services ?? []).map((service, place_) => h("button", {
            type: "button", "aria-pressed": String(!hidden.has(place_)), onclick: () => {
                if (hidden.has(place_)) hidden.delete(place_);
                else hidden.add(place_);
                remember();
            },
        }, h("span", {class: "swatch", style: {background: css(service.color)}}), service.name)),
        told.map(([name, text, color]) => h("span", {class: "swarm-word", title: text},
            h("span", {class: "swatch round", style: {borderColor: css(color)}}), h("b", {}, name), ` ${text.split(":")[0]}`)),
        film instanceof LiveFilm ? h("span", {class: "swarm-word"}, h("b", {}, "live"), " a flow counts whole in the half second in which it arrived") : null);
    }

    // MARK: Things

    /** @param {number} bits */
    const markText = (bits) => told.filter(([, , , mark]) => bits & mark).map(([name]) => name).join(", ");

    /** @param {number} number */
    const serviceText = (number) => {
        const [protocol, port] = [number >> 16, number & 0xffff];
        const word = protocol === 6 ? "tcp" : protocol === 17 ? "udp" : String(protocol);
        return `${word}/${port}`;
    };

    /** @param {Signal} signal */
    function says(signal) {
        const service = signal.service < 0 ? "" : `, ${serviceText(signal.service)}`;
        const host = (/** @type {string} */ text) => h("button", {type: "button", class: "value", onclick: () => {
            const node = film.moment(time)?.scene.nodes.find((node) => node.name.text === text);
            if (node) pin({node});
        }}, text);
        switch (signal.kind) {
            case "scan": return ["scan: ", host(signal.subject), ` → ${whole(signal.count)} hosts${service}`];
            case "port scan": return ["port scan: ", host(signal.subject), " → ", host(signal.object), `, ${whole(signal.count)} services`];
            case "flood": return [`flood: ${whole(signal.count)} hosts → `, host(signal.subject), service];
            case "listed": return ["listed: ", host(signal.subject), " ↔ ", host(signal.object), service];
            default: return ["beacon: ", host(signal.subject), " → ", host(signal.object), service];
        }
    }

    /**
     * The filter that holds for a node's flows; "" where there is none.
     * @param {Node_} node
     * @param {"" | "src " | "dst "} side
     */
    function term(node, side) {
        const {kind, text} = node.name;
        if (kind === "host") return `${side}ip ${text}`;
        if (kind === "network") return `${side}net ${text}`;
        if (kind === "country") return side ? `${side}geo ${text}` : `country ${text}`;
        return "";
    }

    /** @param {Thing} thing */
    function about_(thing) {
        const moment = film.moment(time), {header} = film;
        if (!moment || !header) return undefined;
        if (thing.node) {
            const node = moment.scene.nodes.find((node) => node.name.text === thing.node?.name.text);
            const streams = moment.scene.streams.filter((stream) => node && (stream.source === node.slot || stream.target === node.slot));
            return {title: thing.node.name.text, sums: node?.sums ?? {flows: 0, packets: 0, bytes: 0}, note: node ? markText(node.marks) : "not in this step",
                filter: term(thing.node, ""), more: `${whole(streams.length)} streams`};
        }
        const key = thing.stream.key;
        const stream = moment.scene.streams.find((stream) => stream.key === key) ?? thing.stream;
        const [from, to] = [moment.scene.bySlot[stream.source], moment.scene.bySlot[stream.target]];
        if (!from || !to) return undefined;
        const service = header.services[stream.service]?.name ?? "others";
        const parts = [term(from, "src "), term(to, "dst "), service === "others" ? "" : `service ${service}`].filter(Boolean);
        return {title: `${from.name.text} → ${to.name.text}, ${service}`, sums: stream.sums, note: markText(stream.marks),
            filter: parts.join(" and "), more: `${whole(stream.edges)} pairs of hosts`};
    }

    /** @param {Thing} thing */
    function pin(thing) {
        pinned = thing;
        render();
        drawDetail();
        const known = about_(thing);
        if (known) say(`${known.title}, ${amount(Number(known.sums.bytes), "bytes")}`);
    }

    function drawDetail() {
        const known = pinned && about_(pinned), {header} = film;
        if (!known || !header) return fill(detail);
        const from = (header.first + Math.floor(time)) * header.step, to = from + header.step;
        const filter = known.filter ? both(state().filter, known.filter) : state().filter;
        fill(detail, h("h3", {}, known.title), known.note ? h("p", {class: "warn"}, known.note) : null,
            h("p", {}, `${short(Number(known.sums.flows))} flows, ${short(Number(known.sums.packets))} packets, ${amount(Number(known.sums.bytes), "bytes")} in this step · ${known.more}`),
            h("pre", {class: "command", tabindex: "0"}, command({path: "query", parameters: {filter, from, to, overlap: true}})),
            h("div", {class: "actions"},
                link({view: "flows", filter, from: String(from), to: String(to), more: {mode: "flows"}}, "button", "Its flows"),
                pinned?.node?.name.kind === "host" ? h("button", {type: "button", onclick: () => {
                    followed = known.title;
                    search.value = followed;
                    remember();
                }}, "Follow") : null,
                h("button", {type: "button", onclick: () => { pinned = undefined; fill(detail); render(); }}, "Let go")));
    }

    /** @param {PointerEvent | MouseEvent} event */
    function under(event) {
        const moment = film.moment(time);
        if (!moment || !look) return undefined;
        const box = names.getBoundingClientRect();
        const ratio = names.width / Math.max(box.width, 1);
        return thingAt(moment, look.places, stageOf(names.width, names.height), painter.choice, (event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio, ratio);
    }
    names.addEventListener("pointermove", (event) => {
        const thing = under(event);
        const known = thing && about_(thing);
        names.classList.toggle("hits", Boolean(known));
        if (!known) return hideTip();
        showTip(event.clientX, event.clientY, h("div", {class: "tip-head"}, known.title), known.note ? h("div", {class: "warn"}, known.note) : null,
            `${short(Number(known.sums.flows))} flows · ${amount(Number(known.sums.bytes), "bytes")} · ${known.more}`);
    });
    names.addEventListener("pointerleave", hideTip);
    names.addEventListener("click", (event) => {
        const thing = under(event);
        if (thing) pin(thing);
    });

    /** @param {KeyboardEvent} event */
    function keys(event) {
        if (event.ctrlKey || event.metaKey || event.altKey || /** @type {Element} */ (event.target).closest("input,select")) return;
        const isOnButton = /** @type {Element} */ (event.target).closest("button,a") !== null;
        if (event.key === " " && !isOnButton) toggle();
        else if (event.key === "," || event.key === "ArrowLeft") step(event.shiftKey ? -10 : -1);
        else if (event.key === "." || event.key === "ArrowRight") step(event.shiftKey ? 10 : 1);
        else if (event.key === "Home") seek(0);
        else if (event.key === "End") seek(film.count);
        else return;
        event.preventDefault();
    }

    /**
     * What is told of a step, as marks.
     * @param {number} place_
     */
    function marksOf(place_) {
        const known = film.told[place_];
        if (known !== undefined) return known;
        const bits = {scan: marks.scans, "port scan": marks.scans, flood: marks.flooded, listed: marks.listed, beacon: marks.beacons};
        return film.told[place_] = (film.scene(place_)?.signals ?? []).reduce((sum, signal) => sum | bits[signal.kind], 0);
    }

    // MARK: Elsewhere

    function videoCommand() {
        const {header} = film;
        const from = header?.from ?? span().from, to = header?.to ?? span().to;
        const filter = question ? ` ${quoted(question)}` : "";
        return `skein swarm${filter} --from ${instant(from)} --to ${instant(to)}${header ? ` --step ${header.step}ms` : ""} ${["--store", quoted(about().store), ...configured()].join(" ")} --out clip.mp4`;
    }

    function asPicture() {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [names.width, names.height];
        const context = canvas.getContext("2d");
        // What was drawn is gone once it is shown.
        render();
        context?.drawImage(stage.querySelector("canvas") ?? picture, 0, 0);
        context?.drawImage(names, 0, 0);
        canvas.toBlob((blob) => { if (blob) download("skein-swarm.png", blob); });
    }

    const observer = new ResizeObserver(render);
    observer.observe(stage);
    drawPlay();

    // For tests: what is drawn at a time, in steps from the first one, and what it is drawn of.
    Object.assign(stage, {swarm: {
        drawAt: (/** @type {number} */ at) => { painter.choice.density = 1; seek(at); paint.finish(); return look?.points ?? 0; },
        now: () => time,
        isFull: () => paint.isFull,
        count: () => film.count,
        isWhole: () => film.isWhole,
        live: () => film instanceof LiveFilm && film.header ? {
            isFollowing, isConnected: film.isConnected, behind: film.behind(time), first: film.header.first, begunAnew: film.begunAnew,
            dropped: film.dropped, skipped: film.skipped, flows: (/** @type {number} */ at) => Number(film.scene(at)?.total.flows ?? 0),
        } : undefined,
        sceneHash: (/** @type {number} */ at) => {
            const scene = film.moment(at)?.scene;
            return scene && film.header ? {made: sceneHash(scene, film.header.seed), told: scene.hash} : undefined;
        },
        /** As in a video of this size, without names. */
        frame: (/** @type {number} */ at, /** @type {number} */ width, /** @type {number} */ height) => {
            const moment = film.moment(at);
            if (!moment) return "";
            const density = painter.choice.density;
            painter.choice.density = 1;
            paint.draw(painter.look(moment, stageOf(width, height, true)), width, height);
            painter.choice.density = density;
            return (stage.querySelector("canvas") ?? picture).toDataURL("image/png");
        },
    }});

    return {refresh, leave: () => {
        cancelAnimationFrame(frame);
        isPlaying = false;
        loading.abort();
        observer.disconnect();
        place.removeEventListener("keydown", keys);
        paint.end();
        hideTip();
    }};
}
