#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that the sources of the core name no host header, no heap, no stdio and no floating point.

usage: core_sources.py SOURCE_ROOT"""
import pathlib
import re
import sys

SYSTEM_HEADERS = {"stdbool.h", "stddef.h", "stdint.h", "string.h"}
GENERATED = {"em_checksums.h"}
FORBIDDEN = re.compile(r"\b(float|double|malloc|calloc|realloc|free|\w*printf|puts|putchar|FILE|time|clock|abort|exit"
                       r"|assert|_Float\w+)\b")
COMMENTS_AND_STRINGS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def include_errors(root, text):
    for line in re.findall(r"^[ \t]*#[ \t]*include\b[ \t]*(.*)$", text, re.M):
        system = re.match(r"<(.*)>", line)
        own = re.match(r'"(.*)"', line)
        if system and system[1] in SYSTEM_HEADERS:
            continue
        if own and (own[1] in GENERATED or (root / "src/core" / own[1]).is_file() or
                    (root / "include" / own[1]).is_file()):
            continue
        if own and (root / "include/vmeter" / own[1]).is_file():
            continue
        yield f"includes {line}"


def errors(root, path):
    text = path.read_text()
    yield from include_errors(root, text)
    # Strings and comments become blanks of the same lines, so that line numbers stay.
    code = COMMENTS_AND_STRINGS.sub(lambda m: "\n" * m[0].count("\n") or " ", text)
    for number, line in enumerate(code.splitlines(), 1):
        for word in FORBIDDEN.finditer(line):
            if not line.lstrip().startswith("#include"):
                yield f"line {number}: {word[0]}"


def main():
    root = pathlib.Path(sys.argv[1])
    files = sorted([*(root / "src/core").glob("*.[ch]"), *(root / "include/vmeter").glob("em_*.h")])
    if len(files) < 10:
        sys.exit(f"{root}: only {len(files)} core sources found")
    bad = [f"{path.relative_to(root)}: {error}" for path in files for error in errors(root, path)]
    print("\n".join(bad) or f"{len(files)} files are clean")
    return 1 if bad else 0


sys.exit(main())
