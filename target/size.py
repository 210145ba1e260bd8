#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints what the core takes on a processor, module by module, and fails above the limits.

usage: size.py LIMITS.INI TITLE CORE.ELF RAM.O MODULE.O...

CORE.ELF is the core linked with nothing but what it calls, RAM.O comes from ram.c. Beside each MODULE.O stands what gcc
wrote: MODULE.su (-fstack-usage) and MODULE.ci (-fcallgraph-info=su)."""
import configparser
import pathlib
import re
import subprocess
import sys

TOOLS = "arm-none-eabi-"

# What the calls through pointers reach, by the text of the calling line. PORT: the firmware engineer's own function.
PORT = "(the port's callback)"
INDIRECT = [
    (r"accumulate\(", ["em_accumulate"]),
    (r"port->nv_(read|write)\(|\bedge\(", [PORT]),
    (r"record_of\(", ["settings_record", "energy_record", "mantissa_record"]),
]

# All that the core may want from outside: no heap, no stdio.
HELPERS = re.compile(r"mem(cpy|move|set|cmp)$|__\w+")

# The doors of em_meter.h: where a firmware calls in.
DOORS = ["em_meter_init", "em_meter_samples", "em_meter_stop", "em_meter_tariff_input", "em_meter_button", "em_meter_lcd",
         "em_registers_read", "em_registers_write", "em_mbus_byte"]


def lines(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


# --- Sizes ---

def sections(file):
    """Bytes of code, constants and variables in an object or program."""
    sizes = {"code": 0, "constants": 0, "variables": 0}
    for line in lines(TOOLS + "size", "-A", file):
        found = re.match(r"\.(text|rodata|ARM\.ex|data|bss)\S*\s+(\d+)", line)
        if found:
            kind = {"text": "code", "data": "variables", "bss": "variables"}.get(found[1], "constants")
            sizes[kind] += int(found[2])
    return sizes


def ram_parts(file):
    """Bytes of struct em_meter and its parts, from the symbols of ram.c."""
    parts = {}
    for line in lines(TOOLS + "nm", "-S", file):
        fields = line.split()
        if len(fields) == 4 and fields[3].startswith("ram_"):
            parts[fields[3][4:]] = int(fields[1], 16)
    return parts


# --- Stack ---

class Function:
    def __init__(self, name, frame):
        self.name, self.frame, self.calls = name, frame, set()


def indirect_targets(label):
    path, line = label.split(":")[:2]
    text = pathlib.Path(path).read_text().splitlines()[int(line) - 1]
    for pattern, targets in INDIRECT:
        if re.search(pattern, text):
            return targets
    sys.exit(f"{path}:{line}: a call through a pointer that INDIRECT does not know: {text.strip()}")


def read_graph(functions, file):
    """Adds the functions of one .ci file. A static function is known there as FILE:NAME."""
    text = pathlib.Path(file).read_text()
    own = {}
    for title, label in re.findall(r'^node: \{ title: "([^"]+)" label: "([^"]*)" \}$', text, re.M):
        frame = re.search(r"\\n(\d+) bytes \((static|dynamic|dynamic,bounded)\)", label)
        if not frame or frame[2] != "static":
            sys.exit(f"{file}: {title}: no fixed frame: {label}")
        own[title] = functions[title] = Function(title.rsplit(":", 1)[-1], int(frame[1]))
    for caller, called, label in re.findall(
            r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]*)")? \}$', text, re.M):
        targets = [called]
        if called == "__indirect_call":
            prefix = caller.rsplit(":", 1)[0] + ":"
            targets = [t if t == PORT else next((k for k in (t, prefix + t) if k in own), t)
                       for t in indirect_targets(label)]
        own[caller].calls.update(targets)


def read_helpers(functions, elf):
    """Functions of which gcc tells nothing (libgcc, newlib): frames and calls from their disassembly. Returns their
    names."""
    wanted = {c for f in functions.values() for c in f.calls} - set(functions)
    code, name = {}, None
    for line in lines(TOOLS + "objdump", "-d", "--no-show-raw-insn", elf):
        head = re.match(r"[0-9a-f]+ <(.*)>:$", line)
        if head:
            name = head[1]
            code[name] = []
        elif name and "\t" in line:
            code[name].append(line.split("\t", 1)[1])
    # Names at the same address: objdump shows one of them.
    address, shown = {}, {}
    for line in lines(TOOLS + "nm", elf):
        fields = line.split()
        if len(fields) == 3 and fields[1] in "tTW":
            address[fields[2]] = int(fields[0], 16)
            if fields[2] in code:
                shown[int(fields[0], 16)] = fields[2]
    own = set(functions)
    while wanted:
        name = wanted.pop()
        if not HELPERS.match(name):
            sys.exit(f"{elf}: the core calls {name}")
        text = code.get(shown.get(address.get(name)))
        if text is None:
            sys.exit(f"{elf}: no code of {name}")
        functions[name] = helper = Function(name, frame_of(text))
        for line in text:
            call = re.match(r"(?:bl|b|b\.w|b\.n|blx)\t[0-9a-f]+ <([^+>]+)>", line)
            if call and shown.get(address.get(call[1])) != shown.get(address.get(name)):
                helper.calls.add(call[1])
        wanted |= helper.calls - set(functions)
    return sorted(set(functions) - own)


def frame_of(text):
    """Bytes that a function's instructions take off the stack, all added up."""
    bytes_taken = 0
    for line in text:
        pushed = re.match(r"(?:push|stmdb\tsp!,)\s*\{(.*?)\}", line)
        if pushed:
            for item in pushed[1].split(","):
                first, _, last = item.strip().partition("-")
                bytes_taken += 4 * (int(last[1:]) - int(first[1:]) + 1 if last else 1)
        lowered = re.match(r"sub(?:\.w|w)?\tsp, (?:sp, )?#(\d+)", line)
        stored = re.match(r"str(?:d)?(?:\.w)?\t.*\[sp, #-(\d+)\]!", line)
        bytes_taken += int(lowered[1]) if lowered else int(stored[1]) if stored else 0
    return bytes_taken


def deepest(functions, title, known, above=()):
    """(bytes, [names]) of the deepest chain of calls from a function on."""
    if title in above:
        sys.exit("recursion: " + " > ".join([*above[above.index(title):], title]))
    if title not in known:
        below = max((deepest(functions, c, known, (*above, title)) for c in sorted(functions[title].calls)),
                    key=lambda chain: chain[0], default=(0, []))
        known[title] = functions[title].frame + below[0], [functions[title].name, *below[1]]
    return known[title]


# --- The report ---

def print_modules(modules, core, names):
    total = dict.fromkeys(core, 0)
    print(f"  {'module':<12}{'code':>8}{'constants':>11}{'variables':>11}{'largest frame':>15}")
    for name, (sizes, frame) in sorted(modules.items()):
        print(f"  {name:<12}{sizes['code']:>8}{sizes['constants']:>11}{sizes['variables']:>11}{frame:>15}")
        total = {k: total[k] + sizes[k] for k in total}
    rest = {k: core[k] - total[k] for k in total}
    print(f"  {'(helpers)':<12}{rest['code']:>8}{rest['constants']:>11}{rest['variables']:>11}"
          "   equal strings are kept once")
    print(f"  {'together':<12}{core['code']:>8}{core['constants']:>11}{core['variables']:>11}")
    print(f"  helpers: {', '.join(names)}")


def print_ram(parts):
    rest = 2 * parts["meter"] - sum(parts.values())
    shown = [f"{name} {size}" for name, size in sorted(parts.items(), key=lambda p: -p[1]) if name != "meter"]
    print(f"  RAM of one meter: {', '.join(shown)}, rest {rest}")


def print_stack(chains):
    print("  deepest calls from the doors:")
    for size, chain in sorted(chains.values(), reverse=True):
        print(f"  {size:>6}  {' > '.join(chain)}")


def main():
    limits = configparser.ConfigParser()
    limits.read(sys.argv[1])
    limit = {k: int(v) for k, v in limits["size"].items()}
    title, elf, ram, objects = sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:]
    functions, modules = {PORT: Function(PORT, limit["port_callback_stack"])}, {}
    for path in objects:
        before = set(functions)
        read_graph(functions, path[:-2] + ".ci")
        frame = max((functions[f].frame for f in set(functions) - before), default=0)
        modules[pathlib.Path(path).stem.split("-")[-1]] = sections(path), frame
    helpers = read_helpers(functions, elf)
    known = {}
    chains = {name: deepest(functions, name, known) for name in functions}
    core, parts = sections(elf), ram_parts(ram)

    print(f"{title}:")
    print_modules(modules, core, helpers)
    print_ram(parts)
    print_stack({name: chains[name] for name in DOORS})
    print()
    measured = {"code_and_constants": core["code"] + core["constants"], "meter_ram": parts["meter"],
                "variables": core["variables"], "stack": max(size for size, _ in chains.values())}
    bad = 0
    for name, size in measured.items():
        verdict = "" if size <= limit[name] else "  ABOVE THE LIMIT"
        bad += bool(verdict)
        print(f"  {name.replace('_', ' '):<20}{size:>8} of {limit[name]:>7} bytes{verdict}")
    return 1 if bad else 0


sys.exit(main())
