#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that the core needs nothing but itself: no outside symbol, no writable data.

usage: core_symbols.py ARCHIVE"""
import re
import subprocess
import sys

ALLOWED = {"memset", "memcpy", "memmove", "memcmp", "_GLOBAL_OFFSET_TABLE_"}
LIBGCC = re.compile(r"__(u?(div|mod|divmod)[dt]i[34]|(mul|ashl|ashr|lshr)[dt]i3|(clz|ctz)[sdt]i2)$")
# What a distribution's build adds: -fstack-protector and _FORTIFY_SOURCE.
HARDENING = re.compile(r"__stack_chk_fail(_local)?$|__mem(set|cpy|move)_chk$")
# Relocated constants are written once by the loader, never by us.
WRITABLE = re.compile(r"\.(data|bss|tdata|tbss|tm_clone_table)(?!\.rel\.ro)(\.|$)|\*COM\*|COMMON")


def lines(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def undefined(archive):
    defined, wanted = set(), set()
    for line in lines("nm", "-P", "-g", archive):
        fields = line.split()
        if len(fields) < 2 or fields[0].endswith(":"):
            continue
        (wanted if fields[1] in "Uvw" else defined).add(fields[0])
    if not defined:
        sys.exit(f"{archive}: nm finds no symbol at all")
    return {s for s in wanted - defined if s not in ALLOWED and not LIBGCC.match(s) and not HARDENING.match(s)}


def writable(archive):
    found, sections, member = [], 0, "?"
    for line in lines("objdump", "-h", "-w", archive):
        fields = line.split()
        if "file format" in line:
            member = fields[0]
        elif len(fields) > 3 and fields[0].isdigit():
            sections += 1
            if WRITABLE.match(fields[1]) and int(fields[2], 16):
                found.append(f"{member} {fields[1]} {int(fields[2], 16)} bytes")
    if not sections:
        sys.exit(f"{archive}: objdump finds no section at all")
    common = [l for l in lines("nm", "-P", "-g", archive) if re.search(r" C( |$)", l)]
    return found + common


def main():
    archive = sys.argv[1]
    bad = [f"undefined: {s}" for s in sorted(undefined(archive))] + [f"writable: {w}" for w in writable(archive)]
    print("\n".join(bad) or "nothing from outside, nothing writable")
    return 1 if bad else 0


sys.exit(main())
