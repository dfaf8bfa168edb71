"""The arguments that primitives are checked with: those they state, or numbers drawn from the function's domain."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.errors import ArgumentError
from jitad.primitives.spec import Primitive, ScalarPrimitive
from jitad.testing.differences import differentiate, kink_gap
from jitad.testing.primitive_kernels import Trial
from jitad.testing.subject import UNUSABLE

Case = tuple[Any, ...]

NUMBERS = (0.31, 1.73, -0.62, 6.13, -2.37, 0.94, 3.29, 12.7)
INTEGERS = (5, 3, 12, 2, 7, 4, 9, 6)
MOST = 4
"""So many of the numbers are taken."""

TELLING = 1e-11
"""Differences at a drawn point are off by less than this part."""


def stated_or_drawn(primitive: Primitive, seed: int) -> list[Case]:
    """The cases of a primitive; see ``cases_of``."""
    random = np.random.default_rng(seed)
    if primitive.cases:
        return [case(random) if callable(case) else case for case in primitive.cases]
    found: list[Case] = []
    if isinstance(primitive, ScalarPrimitive):
        found = _floats(primitive, random)
        if not found and primitive.is_zero:
            found = _integers(primitive)
    if not found:
        raise ArgumentError(
            f"the primitive {primitive.name!r} states no cases, and none can be drawn.",
            "give its definition cases=[(argument, ...), ...], or pass them to check_primitive.",
        )
    return found


def _floats(primitive: ScalarPrimitive, random: np.random.Generator) -> list[Case]:
    """Points at which differences can tell the derivatives."""
    found: list[Case] = []
    for at in range(len(NUMBERS)):
        row = [NUMBERS[(at + 3 * k) % len(NUMBERS)] for k in range(primitive.arity)]
        case = tuple(float(number * factor) for number, factor in zip(row, random.uniform(0.98, 1.02, 9), strict=False))
        if _is_usable(primitive, case):
            found.append(case)
        if len(found) == MOST:
            break
    return found


def _is_usable(primitive: ScalarPrimitive, case: Case) -> bool:
    function = Trial(primitive, case).reference
    for at, number in enumerate(case):

        def along(t: Any, at: int = at, number: float = number) -> Any:
            try:
                return np.float64(function(*case[:at], number * (1.0 + t), *case[at + 1 :]))
            except UNUSABLE:
                return np.float64(np.nan)

        with np.errstate(all="ignore"):
            try:
                centre = along(0.0)
            except TypeError:  # not a function of floats
                return False
            estimate = differentiate(along)
            size = max(abs(centre), abs(estimate.value))
            if not estimate.error <= TELLING * size and size > 0.0:
                return False
            if not np.isfinite(centre) or kink_gap(along, centre, 1e-16 * abs(centre)) > 0.0:
                return False
    return True


def _integers(primitive: ScalarPrimitive) -> list[Case]:
    rows = [tuple(INTEGERS[(at + k) % len(INTEGERS)] for k in range(primitive.arity)) for at in range(MOST)]
    try:
        for row in rows:
            Trial(primitive, row).reference(*row)
    except (TypeError, *UNUSABLE):
        return []
    return list(rows)
