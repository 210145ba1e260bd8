/* SPDX-License-Identifier: MIT
 * Settings: each has a control; what differs from the meter is green until it is saved, one or several at once. */
import {ask, el, failure, say, show, shown} from "./ui.js";

const SECONDARIES = [1, 5];

function choices(setting) {
    return el("select", {}, ...setting.choices.map(({value, text}) => el("option", {
        value: JSON.stringify(value), selected: value === setting.value,
    }, text)));
}

function digits(value, count) {
    return el("input", {type: "text", inputMode: "numeric", autocomplete: "off", maxLength: count, value});
}

function whole(text, min, max) {
    const number = Number(text);
    if (!/^\d+$/.test(text.trim()) || number < min || number > max)
        throw new Error(`A whole number from ${min} to ${max}, please.`);
    return number;
}

/* For each kind of setting: its controls, the value that they stand at (throws what is wrong), and back to the meter's. */
const KINDS = {
    choice(setting) {
        const list = choices(setting);
        return {
            controls: [list], read: () => JSON.parse(list.value), reset: () => { list.value = JSON.stringify(setting.value); },
        };
    },
    number(setting) {
        const input = digits(setting.value, 6);
        return {
            controls: [input], read: () => whole(input.value, setting.min, setting.max),
            reset: () => { input.value = setting.value; },
            hint: `${setting.min} to ${setting.max} ${setting.unit}`.trim(),
        };
    },
    digits(setting) {
        const input = digits(setting.value, 8);
        return {
            controls: [input],
            read: () => {
                if (!/^\d{8}$/.test(input.value))
                    throw new Error("Eight digits, please.");
                return input.value;
            },
            reset: () => { input.value = setting.value; },
        };
    },
    ratio(setting) {
        const [primary, secondary] = setting.value.split("/");
        const first = digits(primary, 4);
        const second = el("select", {"aria-label": "CT secondary current"},
            ...SECONDARIES.map((amps) => el("option", {value: String(amps)}, String(amps))));
        second.value = secondary;
        first.setAttribute("aria-label", "CT primary current");
        return {
            controls: [first, second], between: "/",
            read: () => {
                const amps = whole(first.value, 1, 9999);
                if (amps < Number(second.value))
                    throw new Error("The primary current must not be below the secondary.");
                return `${amps}/${second.value}`;
            },
            reset: () => { first.value = primary; second.value = secondary; },
        };
    },
    reset(setting) {
        const box = el("input", {type: "checkbox"});
        return {
            controls: [box], words: "Reset to 0", hint: `Stands at ${told(setting, setting.value)}`,
            read: () => (box.checked ? 0 : setting.value), reset: () => { box.checked = false; },
            change: () => box.checked,
        };
    },
};

/* How a value is told to people. */
function told(setting, value) {
    const choice = (setting.choices || []).find((one) => one.value === value);
    return `${choice ? choice.text : shown(value, setting.unit)} ${setting.unit}`.trim();
}

/* A setting on the screen: what it was, what is entered, and whether that will do. */
class Field {
    constructor(setting, changed) {
        this.setting = setting;
        this.kind = KINDS[setting.kind](setting);
        this.node = this.build();
        this.told = "";
        for (const control of this.kind.controls) {
            control.disabled = setting.locked;
            control.addEventListener("input", () => {
                this.told = "";
                this.look();
                changed();
                if (this.bad) /* what is wrong stands below, perhaps behind the foot */
                    this.node.scrollIntoView({block: "nearest"});
            });
        }
        this.undo.addEventListener("click", () => {
            this.kind.reset();
            this.told = "";
            this.look();
            changed();
            this.kind.controls[0].focus();
        });
        this.look();
    }

    build() {
        const id = `set-${this.setting.key}`;
        const {controls, between, words, hint} = this.kind;
        const [first] = controls;
        const note = [hint && `${hint}.`, this.setting.note].filter(Boolean).join(" ");
        first.id = id;
        this.mark = el("span", {className: "mark"}, "changed");
        this.undo = el("button", {className: "undo", type: "button"}, "Undo",
            el("span", {className: "unseen"}, ` ${this.setting.label}`));
        this.wrong = el("p", {className: "wrong", id: `${id}-wrong`, role: "alert"});
        for (const control of controls)
            control.setAttribute("aria-describedby", `${id}-note ${id}-wrong`);
        const name = words ? el("span", {className: "name"}, this.setting.label)
            : el("label", {for: id}, this.setting.label);
        const entry = words ? [el("label", {className: "tick"}, first, words)]
            : [...controls.flatMap((control, k) => (k && between ? [between, control] : [control])),
                ...(this.setting.unit ? [el("small", {}, this.setting.unit)] : [])];
        if (words)
            first.setAttribute("aria-label", `${this.setting.label}: ${words}`);
        return el("div", {className: "setting"},
            el("div", {className: "head"}, name, el("span", {}, this.mark, " ", this.undo)),
            el("div", {className: "entry"}, ...entry),
            el("p", {id: `${id}-note`, hidden: !note}, this.setting.locked ? "Can not be changed any more." : note),
            this.wrong);
    }

    /* What is entered; null if that is no value. */
    value() {
        try {
            return this.kind.read();
        } catch {
            return null;
        }
    }

    changed() {
        return this.kind.change ? this.kind.change() : this.value() !== this.setting.value;
    }

    /* What is to become of it, in words. */
    wish() {
        return this.setting.kind === "reset" ? "reset to 0" : told(this.setting, this.value());
    }

    /* Green, red or plain. */
    look() {
        let wrong = this.told;
        try {
            this.kind.read();
        } catch (error) {
            wrong = error.message;
        }
        const changed = this.changed();
        this.bad = Boolean(wrong);
        this.node.classList.toggle("changed", changed && !wrong);
        this.mark.hidden = !changed || this.bad;
        this.undo.hidden = !changed;
        this.wrong.textContent = wrong;
        this.wrong.hidden = !wrong;
        for (const control of this.kind.controls)
            control.setAttribute("aria-invalid", String(this.bad));
    }

    /* The meter has said what is wrong with it. */
    refuse(text) {
        this.told = `${text[0].toUpperCase()}${text.slice(1)}.`;
        this.look();
    }
}

/* Asks for the password and saves; resolves to the settings as they are then, null if it was given up, or throws what
 * the meter says about the values. */
function passwordDialog(serial, fields) {
    const dialog = document.getElementById("dialog");
    const input = el("input", {
        id: "password", type: "password", inputMode: "numeric", autocomplete: "off", maxLength: 4, required: true,
    });
    const wrong = el("p", {className: "wrong", id: "password-wrong", role: "alert"});
    const save = el("button", {className: "key", type: "submit"}, "Save");
    const cancel = el("button", {className: "key second", type: "button"}, "Cancel");
    input.setAttribute("aria-describedby", "password-wrong");
    const form = el("form", {noValidate: true},
        el("h2", {id: "dialog-title"}, fields.length === 1 ? "Save this setting?" : `Save ${fields.length} settings?`),
        el("ul", {}, ...fields.map((field) => el("li", {}, `${field.setting.label}: `, el("b", {}, field.wish())))),
        el("label", {for: "password"}, "Password of the meter"), input, wrong,
        el("div", {className: "pair"}, cancel, save));
    dialog.replaceChildren(form);

    return new Promise((resolve, reject) => {
        let timer = 0;
        const finish = (settle, value) => {
            clearInterval(timer);
            input.value = "";
            dialog.onclose = null;
            dialog.close();
            dialog.replaceChildren();
            settle(value);
        };
        /* Counts down until the meter takes the next one. */
        const hold = (text, seconds) => {
            const until = Date.now() + seconds * 1000;
            const tick = () => {
                const left = Math.ceil((until - Date.now()) / 1000);
                save.disabled = left > 0;
                if (left <= 0)
                    clearInterval(timer);
                save.textContent = left > 0 ? `Wait ${left} s` : "Save";
            };
            wrong.textContent = seconds > 0 ? `${text} The next one is taken in ${seconds} s.` : text;
            clearInterval(timer);
            timer = setInterval(tick, 200);
            tick();
        };
        const send = async () => {
            const changes = Object.fromEntries(fields.map((field) => [
                field.setting.key, field.value()]));
            save.disabled = true;
            try {
                finish(resolve, (await ask(`/${serial}/settings`, {password: input.value, changes})).settings);
            } catch (error) {
                save.disabled = false;
                if (error.status === 422) {
                    finish(reject, error);
                    return;
                }
                hold(error.wait > 0 ? "Wrong password." : error.message, error.wait);
                input.value = "";
                input.focus();
            }
        };
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            if (save.disabled)
                return;
            if (/^\d{4}$/.test(input.value)) {
                send();
            } else {
                wrong.textContent = "Four digits, please.";
                input.focus();
            }
        });
        cancel.addEventListener("click", () => finish(resolve, null));
        dialog.onclose = () => finish(resolve, null);
        dialog.showModal();
        input.focus();
    });
}

/* Settings in the groups that the meter names. */
function cards(fields) {
    const groups = new Map();
    for (const field of fields)
        groups.set(field.setting.group, [...(groups.get(field.setting.group) || []), field.node]);
    return [...groups].map(([title, nodes]) => el("fieldset", {className: "card"}, el("legend", {}, title), ...nodes));
}

let unsaved = () => 0;

/* May the view be left? */
export function mayLeave() {
    return !unsaved() || window.confirm("Changed settings are not saved. Leave them?");
}

function fill(serial, settings) {
    const save = el("button", {className: "key", type: "submit", id: "save"});
    const discard = el("button", {className: "key second", type: "button", id: "discard"}, "Discard");
    const changedFields = () => fields.filter((field) => field.changed());
    const count = () => {
        const n = changedFields().length;
        save.disabled = discard.disabled = n === 0;
        save.textContent = n === 0 ? "No changes" : `Save ${n} change${n === 1 ? "" : "s"}`;
    };
    const fields = settings.map((setting) => new Field(setting, count));
    const form = el("form", {noValidate: true}, ...cards(fields), el("div", {className: "foot"}, discard, save));

    unsaved = () => (form.isConnected ? changedFields().length : 0);
    discard.addEventListener("click", () => {
        fill(serial, settings);
        document.getElementById("title").focus();
    });
    form.addEventListener("submit", async (event) => {
        const chosen = changedFields();
        const bad = fields.find((field) => field.bad);
        event.preventDefault();
        if (bad) {
            bad.kind.controls[0].focus();
            return;
        }
        if (!chosen.length)
            return;
        try {
            const now = await passwordDialog(serial, chosen);
            if (!now) {
                save.focus();
                return;
            }
            fill(serial, now);
            say(chosen.length === 1 ? "1 setting is saved in the meter" : `${chosen.length} settings are saved in the meter`);
            document.getElementById("title").focus();
        } catch (error) {
            const refused = fields.filter((field) => field.setting.key in error.fields);
            for (const field of refused)
                field.refuse(error.fields[field.setting.key]);
            say(`${error.message[0].toUpperCase()}${error.message.slice(1)}.`);
            (refused.length ? refused[0].kind.controls[0] : save).focus();
        }
    });
    count();
    show({
        title: "Settings", back: `/m/${serial}`,
        body: [el("p", {className: "note"}, "What you change is marked green. Saving asks for the meter's password."), form],
    });
}

export async function settingsView(serial, still) {
    const again = () => settingsView(serial, still);
    try {
        const {settings} = await ask(`/${serial}/settings`);
        if (still())
            fill(serial, settings);
    } catch (error) {
        if (still())
            show({title: "Settings", back: `/m/${serial}`, body: failure(error, again)});
    }
}
