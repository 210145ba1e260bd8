/* SPDX-License-Identifier: MIT
 * What all views need: elements, the frame around a view, asking the meter, numbers. */

/* An element; properties are set as they are named, children may be texts. */
export function el(tag, properties, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
        if (name.includes("-") || name === "role" || name === "for")
            node.setAttribute(name, value);
        else
            node[name] = value;
    }
    node.append(...children);
    return node;
}

const byId = (id) => document.getElementById(id);

/* Puts a view into the frame. back: where the arrow leads, or null; action: an element for the upper right corner. */
export function show({title, back = null, action = null, body}) {
    document.title = title;
    byId("title").textContent = title;
    byId("back").hidden = !back;
    byId("back").href = back || "/";
    byId("action").replaceChildren(...(action ? [action] : []));
    byId("view").replaceChildren(...body);
}

/* Says something in passing, also to those who listen. */
let silence = 0;
export function say(text) {
    byId("status").textContent = text;
    clearTimeout(silence);
    silence = setTimeout(() => { byId("status").textContent = ""; }, 5000);
}

/* Why something was not answered; status 0: nobody is there. */
export class Refused extends Error {
    constructor(status, answer, wait) {
        super(answer.error || `the meter answers ${status}`);
        this.status = status;
        this.fields = answer.fields || {};
        this.wait = wait;
    }
}

/* Asks the API; changes: what a POST sends. Throws Refused. */
export async function ask(path, changes) {
    const options = changes && {
        method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(changes),
    };
    let response;
    let answer;
    try {
        response = await fetch(`/api/meters${path}`, options);
        answer = await response.json();
    } catch {
        throw new Refused(0, {error: "the meter does not answer. Is its Bluetooth still switched on?"}, 0);
    }
    if (!response.ok)
        throw new Refused(response.status, answer, Number(response.headers.get("Retry-After")) || 0);
    return answer;
}

/* A view that could not be filled, with a way on. */
export function failure(error, again) {
    const key = el("button", {className: "key", type: "button"}, "Try again");
    key.addEventListener("click", again);
    const text = error.message[0].toUpperCase() + error.message.slice(1);
    return [
        el("div", {className: "card", role: "alert"}, el("h2", {}, "No connection"), el("p", {className: "wrong"}, text)),
        key,
        el("a", {className: "key second", href: "/"}, "Look for meters"),
    ];
}

const DECIMALS = {V: 2, A: 3, Hz: 3, kW: 3, kvar: 3, kVA: 3, kWh: 3, kvarh: 3};

/* A value as it is read best. */
export function shown(value, unit) {
    if (typeof value !== "number")
        return String(value);
    if (unit in DECIMALS)
        return value.toFixed(DECIMALS[unit]);
    return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(3)));
}

/* The words of a register's name: "l1_active_power" is "L1 active power". */
export function words(name) {
    const text = name.split("_").map((word) => (/^([ltq][1-4]|ct\d?|s0|lcd|obis|id|mbus)$/.test(word)
        ? word.toUpperCase() : word)).join(" ");
    return text[0].toUpperCase() + text.slice(1);
}
