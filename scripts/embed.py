#!/usr/bin/env python3
"""Writes a file as the initializer of a char array, with a zero behind it, so that a program needs no data files.

usage: embed.py FILE OUTPUT NAME"""
import sys


def main():
    source, output, name = sys.argv[1:]
    with open(source, "rb") as f:
        data = f.read()
    lines = (",".join(map(str, data[k:k + 24])) + "," for k in range(0, len(data), 24))
    with open(output, "w") as f:
        f.write(f"/* Made by scripts/embed.py. */\nstatic const char {name}[] = {{\n")
        f.write("\n".join(lines) + "\n0};\n")


main()
