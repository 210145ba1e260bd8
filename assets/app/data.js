/* SPDX-License-Identifier: MIT
 * Reading a meter: all registers in groups, refreshed when asked to, saved as files. */
import {ask, el, failure, say, show, shown, words} from "./ui.js";

/* What is seldom looked for is folded. */
const FOLDED = /^(Registers|Meter|CT history|Reactive energy by)/;

/* Only what is measured has decimals; versions have two. */
function text({name, value, unit, type}) {
    if (name.endsWith("_version"))
        return value.toFixed(2);
    return shown(value, type === "float32" ? unit : "");
}

function row(item) {
    return el("div", {className: "value"}, el("dt", {}, words(item.name)),
        el("dd", {}, text(item), " ", el("small", {}, item.unit)));
}

function card(group) {
    const rows = group.values.filter((item) => !item.unused).map(row);
    const list = el("dl", {}, ...rows);
    if (!rows.length)
        return [];
    if (FOLDED.test(group.title))
        return [el("details", {className: "card"}, el("summary", {}, group.title), list)];
    return [el("section", {className: "card"}, el("h2", {}, group.title), list)];
}

const two = (number) => String(number).padStart(2, "0");

function stamp(date) {
    return `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}-`
        + `${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}

function cell(value) {
    const text = String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function asCsv(data) {
    const lines = data.groups.flatMap((group) => group.values.map((item) => [
        item.address, item.name, item.value, item.unit, group.title,
    ]));
    return [["address", "name", "value", "unit", "group"], ...lines]
        .map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

function asJson(data, date) {
    return `${JSON.stringify({read_at: date.toISOString(), ...data}, null, 2)}\n`;
}

/* Lets the browser keep what is on the screen as a file. */
function save(data, date, ending, type, text) {
    const url = URL.createObjectURL(new Blob([text], {type}));
    const name = `${data.type.replace(" ", "-")}-${data.serial_number}-${stamp(date)}.${ending}`;
    el("a", {href: url, download: name}).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    say(`Saved as ${name}`);
}

function saveKey(text, act) {
    const key = el("button", {className: "key second", type: "button"}, text);
    key.addEventListener("click", act);
    return key;
}

function body(data, date) {
    return [
        el("p", {className: "note", id: "read-at"}, `No ${data.serial_number}, read at ${date.toLocaleTimeString()}`),
        ...data.groups.flatMap(card),
        el("div", {className: "foot"},
            saveKey("Save as CSV", () => save(data, date, "csv", "text/csv", asCsv(data))),
            saveKey("Save as JSON", () => save(data, date, "json", "application/json", asJson(data, date)))),
    ];
}

export async function dataView(serial, still) {
    const back = `/m/${serial}`;
    const refresh = el("button", {className: "tool", type: "button", id: "refresh"},
        el("span", {"aria-hidden": "true"}, "\u21bb"), el("span", {className: "unseen"}, "Refresh"));
    const fill = async (first) => {
        const open = [...document.querySelectorAll("details[open] > summary")].map((node) => node.textContent);
        let filled;
        let read = false;
        refresh.disabled = true;
        try {
            filled = body(await ask(`/${serial}/data`), new Date());
            read = true;
        } catch (error) {
            filled = failure(error, () => fill(false));
        }
        refresh.disabled = false;
        if (!still())
            return;
        show({title: "Meter data", back, action: refresh, body: filled});
        for (const node of document.querySelectorAll("details"))
            node.open = open.includes(node.firstChild.textContent);
        if (!first) {
            refresh.focus();
            if (read)
                say("Refreshed");
        }
    };
    refresh.addEventListener("click", () => fill(false));
    await fill(true);
}
