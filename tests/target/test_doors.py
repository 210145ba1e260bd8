#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whatever the simulation calls of the core is listened to by record.c, or changes nothing in a meter.

    test_doors.py LIBRARY... -- DOOR...
"""
import subprocess
import sys

# Read tables and states.
READERS = {
    "em_baud_code", "em_baud_rate", "em_calibration_check", "em_energy_get", "em_meter_backlight", "em_meter_bluetooth", "em_meter_bus_active",
    "em_meter_quantities", "em_meter_running", "em_nv_places", "em_register_by_address", "em_register_blocks",
    "em_register_count", "em_register_decode", "em_register_divisor", "em_register_encode",
    "em_register_value", "em_registers", "em_s0_rates", "em_setting_limits", "em_setting_range", "em_settings_init",
    "em_strerror", "em_constant_value", "em_mbus_judge", "em_meter_check", "em_means_add",
}
# Called by works.c and from memory callbacks, which the board has as well, or given to the core as a faster part of it.
INSIDE = {"em_meter_begin", "em_meter_cut_within", "em_storage_commit", "em_accumulate", "em_accumulate_sse4", "em_accumulate_avx2", "em_accumulate_avx512"}
# The simulation's jump, which record.c does without.
JUMP = {"em_meter_pass", "em_meter_window", "em_meter_skip", "em_meter_span_limit", "em_span_settle"}
# Called by the app and host/qr.c, which record.c does not use.
ELSEWHERE = {"em_meter_set_qr", "em_meter_set", "em_meter_reset_trip"}


def wanted(library):
    out = subprocess.run(["nm", "-P", "-g", library], check=True, capture_output=True, text=True).stdout
    fields = [line.split() for line in out.splitlines()]
    return {f[0] for f in fields if len(f) > 1 and f[1] == "U" and f[0].startswith("em_")}


def main():
    split = sys.argv.index("--")
    called = set().union(*(wanted(library) for library in sys.argv[1:split]))
    doors = set(sys.argv[split + 1:])
    if len(called) < 10:
        sys.exit(f"only {len(called)} calls of the core are found")
    bad = [f"{name}: not listened to by record.c, and not known as harmless" for name in
           sorted(called - doors - READERS - INSIDE - JUMP - ELSEWHERE)]
    print("\n".join(bad) or f"{len(called)} names of the core, {len(doors)} doors")
    sys.exit(1 if bad else 0)


main()
