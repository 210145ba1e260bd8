#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that every bit of segment memory has its shape in assets/glass.json, under its own name, and every shape a bit
and a place on the glass.

usage: glass.py SOURCE_ROOT"""
import json
import pathlib
import re
import sys

NUMBERS = re.compile(r"[MLHVAZmlhvaz]|-?\d*\.?\d+")
ARGUMENTS = {"m": 2, "l": 2, "h": 1, "v": 1, "a": 7, "z": 0}
SIZES = {"BITS": 1, "SEVENS": 7, "FOURTEENS": 14}


def enum_of(root):
    """Names of em_lcd.h in lower case, with first bit and number of bits."""
    headers = "".join((root / "include/vmeter" / name).read_text() for name in ("em_types.h", "em_lcd.h"))
    constants = {}
    for name, text in re.findall(r"^#define (EM_\w+)[ \t]+(.+?)(?:/\*.*)?$", headers, re.M):
        try:
            constants[name] = eval(text, {}, constants)  # later ones are made from earlier ones
        except (NameError, SyntaxError):
            pass
    body = re.search(r"enum em_lcd_bit \{(.*?)\};", headers, re.S)[1]
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
    bits, at = {}, 0
    for kind, name, count, single in re.findall(r"EM_LCD_(BITS|SEVENS|FOURTEENS)\((\w+), ([^)]*)\)|(\w+)", body):
        if single == "EM_LCD_BIT_COUNT":
            return bits, at
        if single:
            bits[single[len("EM_LCD_"):].lower()] = at, 1
            at += 1
        else:
            n = eval(count, {}, constants) * SIZES[kind]
            bits[name[len("EM_LCD_"):].lower()] = at, n
            at += n
    raise SystemExit("em_lcd.h: no EM_LCD_BIT_COUNT")


def extent(path):
    """The box of a path's points (of an arc: its ends)."""
    tokens = NUMBERS.findall(path)
    assert "".join(tokens) == re.sub(r"[\s,]", "", path), f"path {path}"
    x = y = 0.0
    points, k, command = [], 0, ""
    while k < len(tokens):
        if tokens[k].isalpha():
            command = tokens[k]
            k += 1
        n = ARGUMENTS[command.lower()]
        values = [float(v) for v in tokens[k:k + n]]
        k += n
        base_x, base_y = (x, y) if command.islower() else (0, 0)
        if command in "Hh":
            x = base_x + values[0]
        elif command in "Vv":
            y = base_y + values[0]
        elif n:
            x, y = base_x + values[-2], base_y + values[-1]
        points.append((x, y))
    xs, ys = zip(*points)
    return min(xs), min(ys), max(xs), max(ys)


def shapes_of(glass):
    """Every bit of the file: (name, bit, box in mm)."""
    for g in glass["groups"]:
        for k in range(g["count"]):
            x, y = g["at"]
            x = g["x"][k] if "x" in g else x + k * g.get("pitch", 0)
            if "template" in g:
                template, height = glass["templates"][g["template"]], g["height"]
                for j, segment in enumerate(template):
                    x0, y0, x1, y1 = (v * height for v in extent(segment["path"]))
                    yield g["name"], g["bit"] + k * len(template) + j, (x + x0, y + y0, x + x1, y + y1)
            elif "columns" in g:
                row, column = divmod(k, g["columns"])
                size = g["module"]
                left, top = g["at"][0] + column * size, y + row * size
                yield g["name"], g["bit"] + k, (left, top, left + size, top + size)
            else:
                x0, y0, x1, y1 = extent(g["path"])
                yield g["name"], g["bit"] + k, (x + x0, y + y0, x + x1, y + y1)
    for s in glass["shapes"]:
        if "text" in s:
            x, y = s["at"]
            yield s["name"], s["bit"], (x, y - s["size"], x + s["width"], y)
        else:
            yield s["name"], s["bit"], extent(s["path"])


def errors(root):
    glass = json.loads((root / "assets/glass.json").read_text())
    bits, count = enum_of(root)
    width, height = glass["size"]
    seen = {}
    if glass["bits"] != count:
        yield f"bits is {glass['bits']}, the header has {count}"
    for name, bit, (x0, y0, x1, y1) in shapes_of(glass):
        first, n = bits.get(name, (0, 0))
        if not first <= bit < first + n:
            yield f"{name}: bit {bit}, the header has {n} from {first} on"
        if bit in seen:
            yield f"{name}: bit {bit} is {seen[bit]}'s, too"
        seen[bit] = name
        if not (0 <= x0 <= x1 <= width and 0 <= y0 <= y1 <= height):
            yield f"{name}: bit {bit} lies outside: {x0:.2f} {y0:.2f} {x1:.2f} {y1:.2f}"
    for name, (first, n) in bits.items():
        missing = [bit for bit in range(first, first + n) if bit not in seen]
        if missing:
            yield f"{name}: no shape for {missing}"
    if count < 1000:
        yield f"only {count} bits found in the header"


def main():
    bad = list(errors(pathlib.Path(sys.argv[1])))
    print("\n".join(bad) or "every bit has its shape")
    return 1 if bad else 0


sys.exit(main())
