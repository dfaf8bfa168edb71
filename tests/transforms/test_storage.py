"""The gradient doesn't depend on how the reverse sweep gets its values; what is recorded does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.analysis.plan import AUTO, RECOMPUTE, RECORD
from jitad.errors import ArgumentError
from jitad.program.queries import walk
from jitad.program.statements import Call, Push
from jitad.testing import Uncompiled
from jitad.transforms import adjoint as adjoint_module
from jitad.transforms.adjoint import Adjoint, adjoint
from jitad.transforms.nodes import GradientNode
from tests.corpus import Case, cases
from tests.fixtures import run_uncompiled
from tests.transforms.kernels import program_of

__all__ = ["run_uncompiled"]

THEMES = ("control_flow", "loops", "terms", "arrays_inplace", "factorizations")


class Stored(Uncompiled):
    """A kernel whose adjoint records, or computes again, what it can."""

    storage = AUTO

    def adjoint(self, positions: Sequence[int], *, seeded: bool = False) -> Adjoint:
        return adjoint(self.program, positions, seeded=seeded, storage=self.storage)


@pytest.mark.parametrize("case", [c for c in cases(without=("vjp",)) if c.theme in THEMES], ids=str)
def test_gradients_are_the_same(case: Case) -> None:
    run = Stored(case.function, case.make_args())
    positions = run.leaf_positions(case.argnums)
    value, gradients = run.value_and_gradient(positions)
    rtol = 1e-5 if "float32" in case.tags else 1e-11
    for storage in (RECORD, RECOMPUTE):
        run.storage = storage
        other, found = run.value_and_gradient(positions)
        np.testing.assert_array_equal(other, value)
        for one, another in zip(found, gradients, strict=True):
            np.testing.assert_allclose(one, another, rtol=rtol, atol=rtol)


def growing(x, n):
    for i in range(n):
        y = np.exp(x * i)
        x = x + np.sin(y) * y + x * y
    return x


def terms(c, t):
    total = 0.0
    power = 1.0
    for j in range(c.shape[0]):
        total += c[j] * power
        power *= t
    return total * total


def pushed(made: Adjoint) -> int:
    return sum(len(s.values) for s in walk(made.program.body) if isinstance(s, Push))


def test_recording_stores_more_and_recomputing_less() -> None:
    program = program_of(growing, 0.1, 3)
    counts = [pushed(adjoint(program, [0], storage=storage)) for storage in (RECOMPUTE, AUTO, RECORD)]
    assert counts == sorted(counts)
    assert counts[0] == 1 < counts[1] < counts[2]


def test_recording_runs_no_loop_again() -> None:
    program = program_of(terms, np.ones(3), 0.5)
    assert adjoint(program, [0]).plan.replayed
    assert not adjoint(program, [0], storage=RECORD).plan.replayed


def test_the_option_reaches_all_derivatives_in_reverse_mode() -> None:
    args: tuple[Any, ...] = (0.1, 3)
    expected = jitad.grad(growing)(*args)
    for storage in (RECORD, RECOMPUTE):
        assert jitad.value_and_grad(growing, storage=storage)(*args)[1] == pytest.approx(expected, rel=1e-12)
        for function in (jitad.jacrev, jitad.jacobian):
            assert function(growing, storage=storage)(*args) == pytest.approx(expected, rel=1e-12)
        second = jitad.hessian(growing, storage=storage)(*args)
        assert second == pytest.approx(jitad.hessian(growing)(*args), rel=1e-12)
        assert jitad.vjp(growing, *args, storage=storage)[1](1.0)[0] == pytest.approx(expected, rel=1e-12)
        linear = jitad.linearize(growing, *args, storage=storage)[1]
        assert linear.transpose(1.0)[0] == pytest.approx(expected, rel=1e-12) == linear(1.0)
        assert jitad.hvp(growing, args, 1.0, storage=storage) == pytest.approx(second, rel=1e-12)
    sizes = {s: jitad.explain(jitad.jacrev(growing, storage=s), *args).total_bytes for s in (RECORD, RECOMPUTE)}
    assert sizes[RECORD] > sizes[RECOMPUTE]


def test_the_option_reaches_the_tape_of_pullbacks_and_products(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    plan = adjoint_module.leanest_plan

    def noted(program, aliases, order, needs, storage, **how):
        asked.append(storage)
        return plan(program, aliases, order, needs, storage, **how)

    monkeypatch.setattr(adjoint_module, "leanest_plan", noted)

    def kernel(x):
        return np.exp(np.sin(x))

    jitad.vjp(kernel, 0.1, storage=RECORD)[1](1.0)
    jitad.linearize(kernel, 0.1, storage=RECOMPUTE)[1].transpose(1.0)
    jitad.hvp(kernel, (0.1,), 1.0, storage=RECORD)
    assert asked == [RECORD, RECOMPUTE, RECORD]


def inner_gradient(x):
    return jitad.grad(growing, storage="recompute")(x, 3)


def inner_product(x):
    return jitad.hvp(growing, (x, 3), 1.0, storage="recompute")


recorded = jitad.grad(growing, storage="record")


def inner_function(x):
    return recorded(x, 3)


def inner_hessian(x):
    return jitad.hessian(growing, storage="tape")(x, 3)


@pytest.mark.parametrize(
    ("kernel", "storage"), [(inner_gradient, RECOMPUTE), (inner_product, RECOMPUTE), (inner_function, RECORD)]
)
def test_derivatives_in_kernels_keep_their_option(kernel: Any, storage: str) -> None:
    order = 1 if kernel is inner_product else 0
    expected = jitad.hvp(growing, (0.1, 3), 1.0) if order else jitad.grad(growing)(0.1, 3)
    program = program_of(kernel, 0.1)
    (node,) = {s.primitive for s in walk(program.body) if isinstance(s, Call)}
    assert isinstance(node, GradientNode)
    assert node.storage == storage
    made = adjoint(program, [0]).program
    assert {s.primitive.storage for s in walk(made.body) if isinstance(s, Call)} == {storage}
    assert jitad.value_and_grad(kernel)(0.1)[0] == pytest.approx(expected, rel=1e-12)
    jitad.testing.check_grads(kernel, (0.1,))


def test_another_storage_is_refused() -> None:
    for derivative in (jitad.vjp, jitad.linearize):
        with pytest.raises(ArgumentError, match="storage='tape' isn't a way"):
            derivative(growing, 0.1, 3, storage="tape")
    with pytest.raises(ArgumentError, match="storage=1 isn't a way"):
        jitad.hvp(growing, (0.1, 3), 1.0, storage=1)
    with pytest.raises(ArgumentError, match="storage must be known while reading") as refused:
        jitad.grad(inner_hessian)(0.1)
    assert refused.value.origin is not None
    with pytest.raises(ArgumentError, match="storage='tape' isn't a way") as caught:
        jitad.grad(growing, storage="tape")
    assert "'record'" in str(caught.value)
    with pytest.raises(ArgumentError, match="storage=None"):
        jitad.jacrev(growing, storage=None)
