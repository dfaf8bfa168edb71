"""Functions that are called again and again are read, and emitted, once."""

# ruff: noqa: PLW0108 - a derivative of its own needs a function of its own

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.derivative import describe_all
from jitad.api.differentiate import gradient_adjoint, read
from jitad.api.jacobian_entry import JacobianRequest
from jitad.api.memo import memo_of
from jitad.api.mode import uncompiled
from jitad.building.compile import compilations
from jitad.emission.emit import Emitted, emit
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.reading import sharing
from jitad.runtime import tape
from jitad.transforms import share as share_module
from jitad.transforms.expand import expand
from jitad.transforms.share import share, shared_programs
from tests.fixtures import compiled, own_cache, run_uncompiled  # noqa: F401
from tests.transforms import chains

POINT = (0.8, 0.6)


@pytest.fixture
def everything_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST_COPIED", -1)
    monkeypatch.setattr(sharing, "LEAST_SHARED", 0)
    monkeypatch.setattr(share_module, "LEAST", 0)


def adjoint_of(function: Callable[..., Any], *args: Any) -> Any:
    reading = read(function, describe_all(args), {})
    return gradient_adjoint(reading, [0])[0].program


def emitted(depth: int) -> Emitted:
    return emit(share(adjoint_of(getattr(chains, f"f{depth}"), *POINT)))


def in_place(function: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The same function for a derivative of its own, in which all calls are read in place."""
    monkeypatch.setattr(sharing, "MOST_COPIED", 10**9)
    return lambda *args: function(*args)


def test_emitted_code_grows_linearly_with_the_depth_of_calls() -> None:
    lines = [emitted(depth).source.count("\n") for depth in range(6, 10)]
    growth = np.diff(lines)
    assert growth.max() <= 100
    assert growth.max() - growth.min() <= 10


def test_the_functions_of_deeper_calls_come_one_by_one() -> None:
    counts = [len(emitted(depth).functions) for depth in range(6, 10)]
    assert np.diff(counts).max() <= 3


def test_shallow_calls_are_read_in_place() -> None:
    assert not emitted(3).functions


def test_derivatives_are_those_of_calls_read_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    value, gradient = jitad.value_and_grad(chains.f7, argnums=(0, 1))(*POINT)
    product = jitad.hvp(chains.f6, POINT, (1.0, -2.0), argnums=(0, 1))
    along = jitad.jvp(chains.f6, POINT, (1.0, -2.0))
    rows = jitad.jacobian(chains.f6, argnums=(0, 1))(*POINT)
    assert value == pytest.approx(chains.f7(*POINT), rel=1e-13)
    np.testing.assert_allclose(along[1], rows[0] - 2.0 * rows[1], rtol=1e-12)
    f7, f6 = (in_place(function, monkeypatch) for function in (chains.f7, chains.f6))
    np.testing.assert_allclose(gradient, jitad.grad(f7, argnums=(0, 1))(*POINT), rtol=1e-12)
    np.testing.assert_allclose(product, jitad.hvp(f6, POINT, (1.0, -2.0), argnums=(0, 1)), rtol=1e-12)
    np.testing.assert_allclose(rows, jitad.grad(f6, argnums=(0, 1))(*POINT), rtol=1e-12)


def test_jacobians_call_functions_where_writing_out_is_long() -> None:
    by_both = jitad.grad(chains.f9, argnums=(0, 1))(*POINT)
    for function in (jitad.jacfwd, jitad.jacrev):
        np.testing.assert_allclose(function(chains.f9, argnums=(0, 1))(*POINT), by_both, rtol=1e-12)
    second = jitad.hessian(chains.f7, argnums=(0, 1))(*POINT)
    for at, vector in enumerate(np.eye(2)):
        column = jitad.hvp(chains.f7, POINT, tuple(vector), argnums=(0, 1))
        np.testing.assert_allclose([row[at] for row in second], column, rtol=1e-10)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_emitted_jacobians_grow_linearly_with_the_depth_of_calls(mode: str) -> None:
    lines = []
    for depth in (8, 9):
        request = JacobianRequest((0, 1), mode=mode)
        program, _ = request.derive(getattr(chains, f"f{depth}"), describe_all(POINT), {}).program(mode)
        lines.append(emit(share(program)).source.count("\n"))
    assert np.diff(lines).max() <= 300


@pytest.mark.usefixtures("everything_shared")
def test_programs_that_run_others_are_checked_and_evaluated() -> None:
    program = adjoint_of(chains.f4, *POINT)
    shared = share(program)
    check(shared)
    assert shared_programs(shared)
    for inner in shared_programs(shared):
        check(inner)
    np.testing.assert_allclose(
        evaluate(shared, [*POINT, chains.SCALE]), evaluate(expand(program), [*POINT, chains.SCALE])
    )


@pytest.mark.usefixtures("everything_shared")
def test_results_with_structure_and_arguments_of_all_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    gradient = jitad.grad(chains.pairs)(0.4, 3)
    assert gradient == pytest.approx(jitad.grad(in_place(chains.pairs, monkeypatch))(0.4, 3), rel=1e-13)


@pytest.mark.usefixtures("everything_shared")
def test_functions_that_give_arrays_are_read_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    gradient = jitad.grad(chains.tables)(0.4)
    assert gradient == pytest.approx(jitad.grad(in_place(chains.tables, monkeypatch))(0.4), rel=1e-13)


@pytest.mark.usefixtures("everything_shared")
def test_errors_leave_functions() -> None:
    with pytest.raises(ArithmeticError, match="too much"):
        jitad.grad(chains.pairs)(0.4, 900)


@pytest.fixture
def small_tapes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tape, "START_BYTES", 64)
    tape.discard_tapes()
    yield
    tape.discard_tapes()


@pytest.mark.usefixtures("everything_shared", "small_tapes")
def test_tapes_grow_where_functions_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    gradient = jitad.grad(chains.pairs)(0.4, 200)
    assert gradient == pytest.approx(jitad.grad(in_place(chains.pairs, monkeypatch))(0.4, 200), rel=1e-13)


@pytest.mark.usefixtures("everything_shared")
def test_what_functions_put_on_the_tape_is_measured() -> None:
    few, many = (jitad.explain(chains.pairs, 0.4, n).tape_bytes for n in (3, 300))
    assert sum(many.values()) - sum(few.values()) >= 8 * 297


@pytest.mark.usefixtures("compiled")
def test_functions_are_compiled_once_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    before = compilations()
    gradient = jitad.grad(chains.f5)(*POINT)
    assert compilations() - before == 1 + len(emitted(5).functions)
    with uncompiled():
        assert gradient == pytest.approx(jitad.grad(chains.f5)(*POINT), rel=1e-12)
    monkeypatch.setattr("jitad.building.compile._built", {})
    before = compilations()
    memo_of(chains.f5).entries.clear()
    assert jitad.grad(chains.f5)(*POINT) == gradient
    assert compilations() == before
