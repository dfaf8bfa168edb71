"""Print jitad's gradients beside others in one run: ``python -m asv_benchmarks.compare [WORD ...] [--cores N]``.

A line for each kernel, in Markdown: the compiled kernel's time, and the times of jitad's forward sweep, of the adjoint
written by hand, of jitad's gradient and of each installed engine's, over the kernel's. All are timed by turns, on one
core in processor time, so that other work on the machine doesn't count. Words choose the kernels whose names contain
them. The exit status is 1 when two gradients differ.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path


def main() -> int:
    """Print the table; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m asv_benchmarks.compare", description=__doc__)
    parser.add_argument("words", nargs="*", help="only kernels whose names contain one of these")
    parser.add_argument("--cores", type=int, default=1, help="how many cores everything may use (default: %(default)s)")
    parser.add_argument("--budget", type=float, default=2.0, help="seconds for a kernel (default: %(default)s)")
    parser.add_argument("--without", default="", metavar="ENGINE[,ENGINE]", help="engines to leave out")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the table there too")
    chosen = parser.parse_args()
    confine(chosen.cores)

    from .benchmarks.timing import CLOCK
    from .comparison import compared, table  # what starts threads is imported when the cores are chosen

    clock = CLOCK if chosen.cores == 1 else time.perf_counter
    rows = []
    for row in compared(chosen.words, set(chosen.without.split(",")), chosen.budget, clock, chosen.cores):
        print(row.progress(), file=sys.stderr, flush=True)
        rows.append(row)
    text = table(rows)
    print(text)
    if chosen.output is not None:
        chosen.output.write_text(text + "\n")
    return 0 if all(row.right for row in rows) else 1


def confine(cores: int) -> None:
    """Run on so many cores, with as many threads in each library that asks for a number."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:cores]))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(cores)
    if cores == 1:
        flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip()


if __name__ == "__main__":
    sys.exit(main())
