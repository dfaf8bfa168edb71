"""Functions that Numba doesn't know, with an implementation that a plugin gives."""

from __future__ import annotations

import math
import sys
import types

import numpy as np
import pytest

import jitad
from jitad.plugin import hookimpl, scalar, zero
from jitad.primitives import registry
from jitad.testing import check_grads


class Opaque:
    """A callable without source, such as a library's compiled function."""

    __slots__ = ("__name__", "_of")

    def __init__(self, name, of):
        self.__name__ = name
        self._of = of

    def __call__(self, *args):
        return self._of(*args)


softplus = np.frompyfunc(lambda x: math.log1p(math.exp(x)), 1, 1)
bump = Opaque("bump", lambda x, width: math.exp(-((x / width) ** 2)))
steps = Opaque("steps", lambda x: math.floor(3.0 * x) / 3.0)


def softplus_compiled(x):
    return math.log1p(math.exp(x))


def bump_compiled(x, width):
    return math.exp(-((x / width) ** 2))


def steps_compiled(x):
    return math.floor(3.0 * x) / 3.0


@scalar(softplus, name="softplus", implementation=softplus_compiled)
def softplus_x(x, result):
    return 1.0 / (1.0 + math.exp(-x))


@scalar(bump, implementation=bump_compiled, also=("late_module:late_bump",))
def bump_x(x, width, result):
    return -2.0 * x / width**2 * result


@bump_x.partial(argnum=1)
def bump_width(x, width, result):
    return 2.0 * x**2 / width**3 * result


@pytest.fixture(autouse=True)
def _registered():
    @hookimpl
    def jitad_primitives():
        return [softplus_x, bump_x, *zero(steps, implementation=steps_compiled)]

    registry.register(types.SimpleNamespace(jitad_primitives=jitad_primitives), "taught")
    yield
    registry.unregister("taught")


def kernel(x, w):
    total = 0.0
    for i in range(x.size):
        total += softplus(x[i]) * bump(x[i], w) + steps(x[i])
    return total


def whole(x, w):
    return np.sum(softplus(x) * bump(x, w))


X = np.array([0.3, -1.2, 0.9])


@pytest.mark.parametrize("function", [kernel, whole])
def test_in_kernels(function):
    x, w = jitad.grad(function, argnums=(0, 1))(X, 0.7)
    s, b = np.log1p(np.exp(X)), np.exp(-((X / 0.7) ** 2))
    np.testing.assert_allclose(x, b / (1.0 + np.exp(-X)) - s * b * 2.0 * X / 0.7**2, rtol=1e-14)
    np.testing.assert_allclose(w, np.sum(s * b * 2.0 * X**2 / 0.7**3), rtol=1e-14)


def test_compiled(compiled):
    check_grads(kernel, (X, 0.7), order=2)


def test_in_the_users_njit_code(compiled):
    from numba import njit

    registry.lookup(math.sin)
    assert njit(kernel)(X, 0.7) == pytest.approx(kernel(X, 0.7), rel=1e-15)


def test_a_callable_of_a_module_that_is_imported_later(compiled, monkeypatch):
    from numba import njit

    assert registry.lookup(bump) is registry.by_name("bump")
    late = types.ModuleType("late_module")
    late.late_bump = Opaque("late_bump", bump_compiled)
    monkeypatch.setitem(sys.modules, "late_module", late)
    assert registry.lookup(late.late_bump) is registry.by_name("bump")
    late_bump = late.late_bump
    assert njit(lambda x: late_bump(x, 0.5))(0.3) == pytest.approx(bump_compiled(0.3, 0.5))


def test_float32_stays():
    found = jitad.grad(whole, argnums=(0, 1))(X.astype(np.float32), np.float32(0.7))
    assert [np.asarray(part).dtype for part in found] == [np.float32, np.float32]


def test_where_python_raises_uncompiled_runs_give_what_compiled_code_gives():
    from jitad.primitives.jitable import as_numpy

    assert as_numpy(math.log, math.log)(np.float64(0.0)) == -math.inf
    assert math.isnan(as_numpy(math.log, math.log)(np.float64(-1.0)))
    assert as_numpy(math.exp, math.exp)(np.float64(1e4)) == math.inf
    assert as_numpy(math.exp, math.exp)(np.float32(0.5)).dtype == np.float32


def test_what_numba_knows_stays_as_it_is():
    from jitad.primitives.jitable import is_known

    assert is_known(math.sin)
    assert is_known(np.hypot)
    assert not is_known(Opaque("other", math.sin))
