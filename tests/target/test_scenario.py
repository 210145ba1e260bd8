#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A scenario on the board: at its end everything is as in the emulator, and the processor has time to spare.

    test_scenario.py RECORD IMAGE LIMITS SCENARIO WHOLE FIRST

A scenario of more than WHOLE seconds is cut after the FIRST.
"""
import os
import sys

import board


def main():
    record, image, limits, scenario, whole, first = sys.argv[1:]
    target = board.Board(record, image, limits)
    bad, (meters, seconds, duration), costs = board.compare(target, scenario, whole, first)
    print(f"{os.path.basename(image)}: {os.path.basename(scenario)}: {seconds:g} s of {duration:g} s, {meters} meter{'s' * (meters > 1)}")
    board.finish(bad + board.judge_costs(target, costs))


main()
