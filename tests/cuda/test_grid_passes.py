"""What kernels are made from: the passes over programs keep their results, and do what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jitad.api.derivative import describe_all
from jitad.cuda.grid.arrange import for_threads
from jitad.cuda.grid.products import write_out_products
from jitad.cuda.grid.rows import rows_in_arrays
from jitad.cuda.grid.views import see_through_views
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Accumulate, Call, Load, Loop, Pop, Program, Push, Store, View
from jitad.transforms.expand import expand
from jitad.transforms.order_free import mark_order_free
from tests.corpus import cases
from tests.cuda.running import large_kernels as large

RANDOM = np.random.default_rng(4)

CASES: dict[str, tuple[tuple[Any, ...], tuple[int, ...]]] = {
    "chain": ((RANDOM.normal(size=6), RANDOM.normal(size=6)), (0, 1)),
    "of_matrices": ((RANDOM.normal(size=(5, 4)), RANDOM.normal(size=(4, 3))), (0, 1)),
    "neighbours": ((RANDOM.normal(size=7),), (0,)),
    "through_views": ((RANDOM.normal(size=7),), (0,)),
    "heat_by_turns": ((RANDOM.normal(size=8), 0.1, 3), (0, 1)),
    "heat_in_slices": ((RANDOM.normal(size=(5, 6)), 0.1, 2), (0, 1)),
    "steps_of_arrays": ((RANDOM.normal(size=4), 3), (0,)),
    "energy_of_pairs": ((RANDOM.normal(size=(5, 3)), RANDOM.uniform(1.0, 2.0, size=5)), (0, 1)),
    "energy_of_others": ((RANDOM.normal(size=(5, 2)), RANDOM.uniform(1.0, 2.0, size=5)), (0, 1)),
    "energy_of_each_pair_once": ((RANDOM.normal(size=(5, 3)), RANDOM.uniform(1.0, 2.0, size=5)), (0, 1)),
    "orbits": ((*(RANDOM.normal(size=(4, 2)) for _ in "xv"), RANDOM.uniform(1.0, 2.0, size=4), 2), (0, 1, 2)),
    "looked_up": ((RANDOM.normal(size=6), RANDOM.integers(0, 6, size=9)), (0,)),
}


def adjoint_of(name: str) -> tuple[Program, list[Any]]:
    """The adjoint as it is before it is arranged, and its arguments but for the gradients."""
    pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
    from jitad.cuda.grid.entry import GridRequest

    args, argnums = CASES[name]
    derived = GridRequest(argnums, parallel=True).derive(getattr(large, name), describe_all(args), {})
    return expand(derived.program), list(args)


def results_of(program: Program, args: list[Any]) -> list[Any]:
    """All results and gradients."""
    wrt = [arg for arg in args if isinstance(arg, np.ndarray) and arg.dtype.kind == "f"]
    bars = [np.zeros(arg.shape) for arg in wrt]
    return [*evaluate(program, [*(np.copy(a) if isinstance(a, np.ndarray) else a for a in args), *bars]), *bars]


def assert_same(program: Program, other: Program, args: list[Any]) -> None:
    check(other)
    for found, right in zip(results_of(other, args), results_of(program, args), strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_arranged_programs_have_the_same_results(name: str) -> None:
    program, args = adjoint_of(name)
    assert_same(program, for_threads(write_out_products(program)), args)


@pytest.mark.parametrize("name", ["heat_by_turns", "heat_in_slices", "steps_of_arrays", "orbits"])
def test_rows_become_arrays(name: str) -> None:
    program, args = adjoint_of(name)
    assert any(isinstance(s, Loop) and s.rows for s in walk(program.body))
    found = rows_in_arrays(program)
    assert_same(program, found, args)
    loops = [s for s in walk(found.body) if isinstance(s, Loop)]
    assert not any(loop.rows for loop in loops)
    free = [loop for loop in walk(mark_order_free(found).body) if isinstance(loop, Loop) and loop.order_free]
    assert not any(isinstance(s, Push | Pop) for loop in free for s in walk(loop.body))
    if name == "heat_in_slices":
        assert any(isinstance(s, Load) and len(s.index) == 2 and "row" in s.array.name for s in walk(found.body))


def test_views_are_seen_through() -> None:
    pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
    from jitad.cuda.grid.entry import GridRequest

    case = next(case for case in cases() if case.name == "slices_updated_by_gradients_of_others")
    args = list(case.make_args())
    derived = GridRequest(case.argnums, parallel=True).derive(case.function, describe_all(args), {})
    program = expand(derived.program)
    found = see_through_views(program)
    assert_same(program, found, args)
    assert any(isinstance(s, View) for s in walk(program.body))
    views = {s.out for s in walk(found.body) if isinstance(s, View)}
    assert not any(s.array in views for s in walk(found.body) if isinstance(s, Load | Store | Accumulate))


def test_products_become_loops() -> None:
    program, args = adjoint_of("of_matrices")
    found = write_out_products(program)
    assert_same(program, found, args)
    assert any(isinstance(s, Call) for s in walk(program.body))
    assert not any(isinstance(s, Call) for s in walk(found.body))
