"""The order of sums that suits many threads: each element is added to by one thread, once, where that can be had."""

from __future__ import annotations

from jitad.program.statements import Program
from jitad.transforms.hoist import hoist_sums


def for_threads(program: Program) -> Program:
    """The same program with its scattered sums arranged for kernels."""
    return hoist_sums(program)
