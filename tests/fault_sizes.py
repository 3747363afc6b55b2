"""How much of each fault the tests try: little in the suite, much in `scripts/campaign.py`."""

from __future__ import annotations

import os


def _names(variable: str, default: str) -> tuple[str, ...]:
    return tuple(os.environ.get(variable, default).split(","))


def _numbers(variable: str, default: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _names(variable, default))


def _number(variable: str, default: int) -> int:
    [number] = _numbers(variable, str(default))
    return number


# SIGKILL at random moments of refreshes, and of rebuilds.
KILLS = _number("FAULT_KILLS", 4)
REBUILD_KILLS = _number("FAULT_REBUILD_KILLS", 1)
# In each, one SIGKILL as each of these stages of a refresh begins. What the suite leaves out begins
# with nothing on the disk that a later run goes by, other than at the stage before it.
STAGE_ROUNDS = _number("FAULT_STAGE_ROUNDS", 1)
STAGES = _names("FAULT_STAGES", "fetch,load,gate 1: raw,dbt build,publish,housekeeping")
# Room left on a full disk.
DISK_LEVELS_KB = _numbers("FAULT_DISK_LEVELS_KB", "0,1000")
# Random places of archives and of snapshots at which bytes are changed.
DAMAGED_PLACES = _number("FAULT_DAMAGED_PLACES", 10)
# Refreshes before which some of the small files are cut, emptied or overwritten.
DAMAGED_STATES = _number("FAULT_DAMAGED_STATES", 1)
GARBAGE_ANSWERS = _number("FAULT_GARBAGE_ANSWERS", 30)
# By how much the machine's clock is off for one refresh.
CLOCK_DAYS = _numbers("FAULT_CLOCK_DAYS", "-2,1")
# Beside which others read.
READ_REFRESHES = _number("FAULT_READ_REFRESHES", 2)
# Half an hour of the market apart.
LIFE_REFRESHES = _number("FAULT_LIFE_REFRESHES", 2)
