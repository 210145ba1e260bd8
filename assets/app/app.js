/* SPDX-License-Identifier: MIT
 * The app: which view an address stands for, the list of meters, and a meter's own page. */
import {dataView} from "./data.js";
import {mayLeave, settingsView} from "./settings.js";
import {ask, el, failure, show} from "./ui.js";

const LOOK_AGAIN_MS = 2000;

/* --- Connect --- */

function meterLink(meter) {
    return el("li", {}, el("a", {className: "card meter", href: `/m/${meter.serial_number}`},
        el("img", {src: "/icon.svg", alt: ""}),
        el("span", {className: "who"}, el("b", {}, meter.type), el("small", {}, `No ${meter.serial_number}`)),
        el("span", {"aria-hidden": "true", className: "on"}, "\u203a")));
}

/* Looks for meters again and again; the list changes only when they do, so that the focus stays. */
async function listView(unused, still) {
    const list = el("ul", {className: "meters", "aria-label": "Meters in reach"});
    const state = el("p", {className: "note", role: "status"}, "Looking for meters\u2026");
    let known = "";
    show({
        title: "Connect", body: [
            el("p", {className: "note"},
                "Point your phone's camera at the QR code on a meter's display, or choose a meter here."),
            state, list,
        ],
    });
    while (still()) {
        let meters = [];
        try {
            ({meters} = await ask(""));
        } catch {
            /* nobody there, which is said below */
        }
        const now = meters.map((meter) => meter.serial_number).join();
        if (now !== known || !known) {
            known = now;
            list.replaceChildren(...meters.map(meterLink));
            const text = meters.length ? `${meters.length === 1 ? "One meter" : `${meters.length} meters`} in reach`
                : "No meter in reach. Switch Bluetooth on in the meter's menu.";
            if (state.textContent !== text)
                state.textContent = text;
        }
        await new Promise((resolve) => { setTimeout(resolve, LOOK_AGAIN_MS); });
    }
}

/* --- A meter --- */

function fact(name, value) {
    return el("div", {className: "value"}, el("dt", {}, name), el("dd", {}, value));
}

async function deviceView(serial, still) {
    let body;
    try {
        const meter = await ask(`/${serial}`);
        body = [
            el("section", {className: "card"}, el("h2", {}, "Connected"), el("dl", {},
                fact("Meter type", meter.type), fact("Serial number", meter.serial_number),
                fact("Software version", meter.software_version.toFixed(2)),
                fact("CRC", meter.checksum))),
            el("a", {className: "key", href: `/m/${serial}/data`}, "Read meter data"),
            el("a", {className: "key", href: `/m/${serial}/settings`}, "Settings"),
            el("a", {className: "key second", href: "/"}, "Disconnect"),
        ];
    } catch (error) {
        body = failure(error, () => deviceView(serial, still));
    }
    if (still())
        show({title: `Meter ${serial}`, back: "/", body});
}

/* --- Which view --- */

const VIEWS = [
    [/^\/m\/(\d{8})$/, deviceView],
    [/^\/m\/(\d{8})\/data$/, dataView],
    [/^\/m\/(\d{8})\/settings$/, settingsView],
    [/^()/, listView],
];

let turn = 0;
let place = location.pathname;

async function route(focus) {
    const mine = ++turn;
    const [pattern, view] = VIEWS.find(([one]) => one.test(location.pathname));
    place = location.pathname;
    const done = view(location.pathname.match(pattern)[1], () => mine === turn);
    if (view !== listView)
        await done;
    if (focus && mine === turn)
        document.getElementById("title").focus();
}

document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || link.download || event.ctrlKey || event.metaKey || event.shiftKey)
        return;
    event.preventDefault();
    if (mayLeave()) {
        history.pushState(null, "", link.getAttribute("href"));
        route(true);
    }
});

addEventListener("popstate", () => {
    if (mayLeave())
        route(true);
    else
        history.pushState(null, "", place);
});

route(false);
