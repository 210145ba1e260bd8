#!/usr/bin/env python3
"""Writes em_checksums.h: one CRC-32 over the sources of the measuring part of the core, one over the rest.

usage: checksums.py OUTPUT MEASURING_FILE... -- OTHER_FILE...
The meter shows and sends them as its CRC codes (registers checksum and checksum_2)."""
import sys
import zlib


def crc(paths):
    value = 0
    for path in sorted(paths, key=lambda p: p.replace("\\", "/").split("/")[-1]):
        with open(path, "rb") as f:
            value = zlib.crc32(f.read(), value)
    return value


def main():
    output, files = sys.argv[1], sys.argv[2:]
    split = files.index("--")
    with open(output, "w") as f:
        f.write("/* Made by scripts/checksums.py from the sources of the core. */\n")
        f.write(f"#define EM_CHECKSUM_MEASURING 0x{crc(files[:split]):08X}u\n")
        f.write(f"#define EM_CHECKSUM_OTHER 0x{crc(files[split + 1:]):08X}u\n")


main()
