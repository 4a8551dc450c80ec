// @ts-check
// A part of a view: a heading, what it shows, and a menu that says how to get the same elsewhere.
import {Refusal, addressOf, ask, command} from "./api.js";
import {copy, download, fill, h, icon, say} from "./dom.js";
import {hideTip, menu, showCommand} from "./overlay.js";
import {table} from "./table.js";
import {picture, raster} from "./picture.js";

/** @typedef {import("./api.js").Question} Question */
/** @typedef {import("./api.js").Answer} Answer */
/**
 * @typedef {object} Drawing
 * @property {import("./dom.js").Child} content
 * @property {() => SVGSVGElement} [picture]
 * @property {{columns: import("./table.js").Column[], rows: import("./api.js").Row[]}} [numbers]
 */

const focusable = "button, a[href], input, select, textarea, [tabindex]";

export class Panel {
    /**
     * @param {string} title
     * @param {{className?: string, controls?: import("./dom.js").Child, hint?: string}} [options]
     */
    constructor(title, options = {}) {
        this.title = title;
        this.heading = h("h2", {});
        this.body = h("div", {class: "panel-body"});
        this.hint = h("span", {class: "panel-hint"}, options.hint ?? "");
        this.more = h("button", {
            type: "button", class: "quiet more", "aria-haspopup": "menu",
            title: "As command, as file", onclick: () => this.open(),
        }, icon("more"));
        this.element = h("section", {class: `panel ${options.className ?? ""}`},
            h("div", {class: "panel-head"}, this.heading, this.hint, options.controls ?? null, this.more), this.body);
        /** @type {Question | undefined} */
        this.question = undefined;
        /** @type {Drawing | undefined} */
        this.drawing = undefined;
        this.showsNumbers = false;
        this.round = 0;
        this.rename(title);
    }

    /**
     * What it shows from now on.
     * @param {string} title
     */
    rename(title) {
        this.title = title;
        fill(this.heading, title);
        this.element.setAttribute("aria-label", title);
        this.more.setAttribute("aria-label", `${title}: command and files`);
    }

    /**
     * Asks, and draws what is answered; the first question is the one of the menu. What was drawn stays until then.
     * @param {Question[]} questions
     * @param {AbortSignal} signal
     * @param {(answers: Answer[]) => Drawing} draw
     */
    load(questions, signal, draw) {
        return this.run(questions[0], signal, async (ask) => draw(await Promise.all(questions.map(ask))));
    }

    /**
     * The same where a question depends on an answer.
     * @param {Question | undefined} question  the one of the menu
     * @param {AbortSignal} signal
     * @param {(ask: (question: Question) => Promise<Answer>) => Promise<Drawing>} work
     */
    async run(question, signal, work) {
        this.question = question;
        this.round += 1;
        const round = this.round;
        /** @type {Answer[]} */
        const answers = [];
        this.element.setAttribute("aria-busy", "true");
        try {
            const drawing = await work(async (question) => {
                const answer = await ask(question, signal);
                answers.push(answer);
                return answer;
            });
            if (round !== this.round) return;
            this.drawing = drawing;
            this.show();
            this.warn(answers);
        } catch (error) {
            if (signal.aborted || round !== this.round) return;
            const text = error instanceof Refusal ? error.message : "The server does not answer.";
            this.drawing = undefined;
            fill(this.body, h("p", {class: "trouble", role: "alert"}, text));
            if (!(error instanceof Refusal) && !(error instanceof TypeError)) throw error;
        } finally {
            if (round === this.round) this.element.removeAttribute("aria-busy");
        }
    }

    /** @param {Drawing} drawing */
    draw(drawing) {
        this.drawing = drawing;
        this.show();
    }

    show() {
        hideTip();
        if (!this.drawing) return;
        this.more.hidden = !this.question && !this.drawing.picture && !this.drawing.numbers;
        const {numbers, content} = this.drawing;
        // Whoever is in here with the keyboard stays where they are.
        const place = [...this.body.querySelectorAll(focusable)].indexOf(/** @type {Element} */ (document.activeElement));
        fill(this.body, this.showsNumbers && numbers
            ? table(numbers.columns, numbers.rows, {caption: `${this.title}, as numbers`}) : content);
        if (place >= 0) /** @type {HTMLElement | undefined} */ ([...this.body.querySelectorAll(focusable)][place])?.focus({preventScroll: true});
    }

    /**
     * What makes an answer less than exact is said beside it.
     * @param {Answer[]} answers
     */
    warn(answers) {
        const notes = answers.flatMap((answer) => /** @type {string[]} */ (answer.footing?.notes ?? []))
            .filter((note) => !note.startsWith("answered from rollups"));
        this.body.querySelector(".notes")?.remove();
        if (notes.length > 0) this.body.append(h("p", {class: "notes"}, [...new Set(notes)].join(" · ")));
    }

    open() {
        /** @type {[string, () => void][]} */
        const entries = [];
        const {question, drawing} = this;
        if (question) entries.push(["As command", () => showCommand(command(question))], ["Copy command", () => copy(command(question))]);
        if (drawing?.numbers) {
            entries.push([this.showsNumbers ? "As picture" : "As table", () => {
                this.showsNumbers = !this.showsNumbers;
                this.show();
                say(this.showsNumbers ? "shown as a table" : "shown as a picture");
            }]);
        }
        const name = `skein-${this.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
        if (question) {
            const hasForms = question.path === "query" || question.path === "map" || question.path === "alerts";
            if (hasForms) entries.push(["CSV file", () => fetchFile(question, "csv", `${name}.csv`)]);
            const shown = this.body.querySelector("table");
            if (!hasForms && shown) entries.push(["CSV file, as shown", () => download(`${name}.csv`, new Blob([asCSV(shown)], {type: "text/csv"}))]);
            entries.push(["JSON file", () => fetchFile(question, hasForms ? "json" : "", `${name}.json`)]);
        }
        const draws = drawing?.picture;
        if (draws && !this.showsNumbers) {
            entries.push(["SVG picture", () => download(`${name}.svg`, picture(draws(), this.title))]);
            entries.push(["PNG picture", async () => download(`${name}.png`, await raster(draws(), this.title))]);
        }
        menu(this.more, entries, this.title);
    }
}

/**
 * A table as it is shown, as CSV (RFC 4180). What a spreadsheet would take for a formula is made text.
 * @param {HTMLTableElement} shown
 */
const asCSV = (shown) => [...shown.rows].filter((row) => !row.classList.contains("detail")).map((row) => [...row.cells].map((cell) => {
    const text = (cell.textContent ?? "").trim().replaceAll(/\s+/g, " ");
    const plain = /^[=+\-@]/.test(text) && !/^[+-]?[\d.]+$/.test(text) ? `'${text}` : text;
    return /[",]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}).join(",") + "\r\n").join("");

/**
 * @param {Question} question
 * @param {string} form
 * @param {string} name
 */
async function fetchFile(question, form, name) {
    try {
        const response = await fetch(addressOf({...question, parameters: {...question.parameters, ...question.file}}, form));
        if (!response.ok) throw new Refusal(response.status, (await response.json()).error ?? response.statusText);
        download(name, await response.blob());
    } catch (error) {
        say(error instanceof Refusal ? error.message : "The server does not answer.");
    }
}
