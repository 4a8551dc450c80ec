// @ts-check
// Who looks at the page: finds it out, asks for a password where one is wanted, and logs out.
import {Refusal, fetched, onStranger} from "./api.js";
import {fill, h, say} from "./dom.js";

/** @typedef {{required: boolean, name: string | null, scope: "read" | "admin" | null}} Session */

/** @type {Session} */
let session = {required: false, name: null, scope: null};
export const who = () => session;
/** Whether they may change something. */
export const mayChange = () => session.scope === "admin";

/** What no form and no link of another site can send. */
const own = {"X-Skein-Request": "page"};

export async function meet() {
    session = await fetched("/api/v1/session");
    return session;
}

/** Whether somebody has to say who they are before anything is answered. */
export const isStranger = () => session.required && session.name === null;

export async function leave() {
    await fetched("/api/v1/session", {method: "DELETE", headers: own});
    // With the page goes what it knows.
    location.reload();
}

/** @type {() => void} */
let lost = () => {};

/**
 * Where nobody is logged in any more: after a while, or because somebody has seen to it.
 * @param {() => void} act
 */
export function onLost(act) { lost = act; }

/** Looks whether one is still known; a break of the connection alone says nothing. */
export async function lookAgain() {
    try {
        await meet();
    } catch {
        return;
    }
    if (isStranger()) lost();
}

onStranger(() => { lookAgain(); });

/**
 * Asks who is there until somebody is.
 * @param {HTMLElement} place
 * @returns {Promise<void>}
 */
export function ask(place) {
    const user = h("input", {
        id: "user", name: "user", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true, maxlength: 64,
    });
    const password = h("input", {
        id: "password", name: "password", type: "password", autocomplete: "current-password", required: true, maxlength: 1024,
    });
    const enter = h("button", {type: "submit", class: "main"}, "Log in");
    const trouble = h("p", {class: "trouble", role: "alert", hidden: true});
    return new Promise((resolve) => {
        const form = h("form", {
            class: "login panel", "aria-labelledby": "login-title",
            onsubmit: async (/** @type {Event} */ event) => {
                event.preventDefault();
                enter.disabled = true;
                trouble.hidden = true;
                try {
                    session = await fetched("/api/v1/session", {
                        method: "POST", headers: own, body: new URLSearchParams({user: user.value, password: password.value}),
                    });
                    password.value = "";
                    fill(place);
                    say(`Logged in as ${session.name}`);
                    resolve();
                } catch (error) {
                    trouble.textContent = error instanceof Refusal ? sentence(error.message) : "The server does not answer.";
                    trouble.hidden = false;
                    password.value = "";
                    password.focus();
                } finally {
                    enter.disabled = false;
                }
            },
        }, h("h1", {id: "login-title"}, "Log in"),
        h("label", {for: "user"}, "User"), user, h("label", {for: "password"}, "Password"), password, trouble, enter);
        fill(place, form);
        document.title = "Log in · Skein";
        user.focus();
    });
}

/** @param {string} text */
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
