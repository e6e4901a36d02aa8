"""What the benchmarks share: processes, their CPU time, tables."""

import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness.clips import Clips  # noqa: E402,F401
from harness.daemon import BUILD, Daemon, fetch  # noqa: E402,F401
from harness.ports import free_port, free_udp_port, listening  # noqa: E402,F401
from harness.processes import Processes  # noqa: E402
from harness.wait import wait_for  # noqa: E402,F401

TICKS = os.sysconf("SC_CLK_TCK")


def tool(name):
    return os.path.join(BUILD, "tests", "bench", name)


def cpu_seconds(pid):
    """User and system time of a process so far."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid, field="Pss"):
    """Bytes of a process that are its own (proportional set size)."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise ValueError(field)


@contextmanager
def workshop():
    """A folder and processes that are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        folder = Path(folder)
        with Processes(folder) as processes:
            yield folder, processes


def table(title, head, rows):
    """Prints a table; columns of numbers are right-aligned."""
    text = [[str(c) for c in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in text) for i in range(len(head))]
    print(f"\n{title}")
    for row in text:
        print("  " + "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))))
    sys.stdout.flush()


def verdict(what, value, limit, least=True):
    met = value >= limit if least else value <= limit
    print(f"  {'reached' if met else 'NOT REACHED'}: {what} {value:.2f} ({'at least' if least else 'at most'} {limit})")
    return met

