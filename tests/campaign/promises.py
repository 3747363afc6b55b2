"""What the warehouse promises about faults, the tests of it, and how hard the campaign tries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Promise:
    """A sentence and the tests that check it: `file` or `file::test`, from the project's root."""

    text: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Promises that are tested together; `sizes` are variables of `tests/fault_sizes.py`."""

    name: str
    title: str
    promises: tuple[Promise, ...]
    sizes: Mapping[str, str] = field(default_factory=dict)

    @property
    def tests(self) -> list[str]:
        return list(dict.fromkeys(test for promise in self.promises for test in promise.tests))


KILL = "tests/faults/test_kill.py"
STORAGE = "tests/faults/test_storage.py"
FULL_DISK = "tests/faults/test_full_disk.py"
LANDING = "tests/pipeline/test_damaged_landing.py"
STATE = "tests/pipeline/test_damaged_state.py"
SNAPSHOT = "tests/pipeline/test_snapshot_integrity.py"
HOSTILE = "tests/pipeline/test_hostile_input.py"
READERS = "tests/faults/test_concurrency.py"

KILLS = Group(
    "kills",
    "Kills",
    (
        Promise(
            "A refresh that is killed (SIGKILL) at any moment loses nothing and duplicates "
            "nothing: after the next one, the marts equal those of an undisturbed folder. What is "
            "published is intact after every kill.",
            (f"{KILL}::test_kills_at_random_moments_lose_and_double_nothing",),
        ),
        Promise(
            "The same holds when the command is killed as any of its stages begins; the gate "
            "process ends with it.",
            (f"{KILL}::test_kills_as_each_stage_begins_lose_and_double_nothing",),
        ),
        Promise(
            "A rebuild that is killed at any moment leaves either the old warehouse or the new "
            "one.",
            ("tests/faults/test_rebuild_kill.py",),
        ),
        Promise(
            "A gate process that the system kills is restarted once; if it is killed again, the "
            "run ends with one message and publishes nothing.",
            ("tests/faults/test_gate_process.py",),
        ),
    ),
    {
        "FAULT_KILLS": "100",
        "FAULT_STAGE_ROUNDS": "3",
        "FAULT_STAGES": "fetch,load,gate 1: raw,dbt build,gate 2: marts,quality docs,publish,"
        "housekeeping",
        "FAULT_REBUILD_KILLS": "15",
    },
)
SIGNALS = Group(
    "signals",
    "Signals",
    (
        Promise(
            "Ctrl-C and SIGTERM end any command, whatever it is doing, within two seconds and "
            "with one line. The next run continues, and nothing is lost or duplicated.",
            ("tests/faults/test_signals.py",),
        ),
    ),
)
DISKS = Group(
    "disks",
    "Disks",
    (
        Promise(
            "A refresh or rebuild that runs out of disk space ends with one message and exit "
            "code 5, keeps what was there, and continues once there is space. A read-only disk is "
            "reported in the same way.",
            (FULL_DISK,),
        ),
        Promise(
            "A warehouse that is damaged, truncated or open in another program is reported in one "
            "message that says what to do, and a rebuild recreates it.",
            (STORAGE,),
        ),
    ),
    {
        "FAULT_DISK_LEVELS_KB": "0,10,20,50,100,200,300,500,700,1000,1500,2000,3000,4000,5000,"
        "7000,9000,12000,15000,20000,28000"
    },
)
DAMAGE = Group(
    "damage",
    "Damage",
    (
        Promise(
            "A response in landing, whether in an archive of its own run or in a packed day, is "
            "read exactly as it was landed or not at all, and a rebuild detects every one that is "
            "lost. It then changes nothing until somebody has accepted the loss.",
            (LANDING,),
        ),
        Promise(
            "Small files that are truncated, empty, zeroed or full of garbage never stop a "
            "refresh: they are moved aside with a warning, and the marts are the same.",
            (STATE,),
        ),
        Promise(
            "No byte of a published mart can change unnoticed; readers get the newest intact "
            "snapshot.",
            (SNAPSHOT,),
        ),
    ),
    {"FAULT_DAMAGED_PLACES": "500", "FAULT_DAMAGED_STATES": "15"},
)
HOSTILE_SERVERS = Group(
    "hostile",
    "Hostile servers",
    (
        Promise(
            "An endless response, a decompression bomb, too many values or too deep a nesting is "
            "refused at its limit, and uses no more memory than that limit allows.",
            ("tests/extract/test_http_limits.py", "tests/extract/test_http_memory.py"),
        ),
        Promise(
            "A server that stalls or trickles costs a bounded amount of time; a request to wait "
            "until 2099, or for ever, is not honoured.",
            ("tests/extract/test_http_time.py", "tests/extract/test_http_waits.py"),
        ),
        Promise(
            "Garbage fails only its own call; no valid response beside it is lost.",
            ("tests/extract/test_http_garbage.py", "tests/extract/test_fetch_hostile.py"),
        ),
        Promise(
            "The command itself ends with a documented exit code and a short message, keeps what "
            "had arrived, and lands a recording completely or not at all.",
            (HOSTILE,),
        ),
    ),
    {"FAULT_GARBAGE_ANSWERS": "2000"},
)
CLOCKS = Group(
    "clocks",
    "Clocks",
    (
        Promise(
            "A machine clock that is days or a year off during one refresh hides no load from any "
            "model, and the marts equal those of a correct clock.",
            ("tests/pipeline/test_load_order.py",),
        ),
    ),
    {"FAULT_CLOCK_DAYS": "-400,-30,-2,-1,1,2,30,400"},
)
READING = Group(
    "readers",
    "Readers and writers",
    (
        Promise(
            "Readers see intact snapshots and no errors during any refresh; a second writer ends "
            "with exit code 4 and changes nothing.",
            (READERS,),
        ),
        Promise(
            "A dry run changes nothing, and does not disturb refreshes that run at the same time.",
            ("tests/faults/test_dry_run.py",),
        ),
    ),
    {"FAULT_READ_REFRESHES": "20"},
)
LIFE = Group(
    "life",
    "A long life",
    (
        Promise(
            "Refreshes half an hour of market time apart cost as much time and memory at the end "
            "as at the beginning, and the same marts can be rebuilt from landing alone.",
            ("tests/faults/test_life.py",),
        ),
    ),
    # Three days behind the 68th, at the same hour; by the 48th the stream fills what models read.
    {"FAULT_LIFE_REFRESHES": "212"},
)
GROUPS = (KILLS, SIGNALS, DISKS, DAMAGE, HOSTILE_SERVERS, CLOCKS, READING, LIFE)
