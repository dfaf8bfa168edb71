"""Calls, closures, captured objects, structures, and derivative rules."""

from __future__ import annotations

import functools
import importlib
import sys
from typing import NamedTuple

import numba
import numpy as np
import pytest
from numba.experimental import jitclass
from numba.extending import overload

from jitad.errors import SourceUnavailableError, UnsupportedCallError
from jitad.primitives import core
from jitad.program.statements import Const
from jitad.program.types import FLOAT32, Array
from jitad.reading.kernel import read_kernel, read_rule
from jitad.reading.signature import ScalarSpec
from tests.reading.driver import compare, read, run


def energy_of(x, scale=1.0):
    raise NotImplementedError


@overload(energy_of)
def _energy_of(x, scale=1.0):
    if isinstance(x, numba.types.Float):
        return lambda x, scale=1.0: x * x * scale
    if isinstance(x, numba.types.Array):
        return lambda x, scale=1.0: np.sum(x**3) * scale
    return None


class Point(NamedTuple):
    a: float
    b: float


FACTOR = 2.5
TABLE = np.arange(4.0)
SETTINGS = {"a": 1.5, "b": np.ones(3)}


class Model:
    def __init__(self):
        self.w = np.array([1.0, 2.0])
        self.k = 3.0

    def value(self, x):
        return self.k * x + self.w[0] + self.square(x)

    def square(self, x):
        return x * x

    def __call__(self, x):
        return self.value(x) * 2


MODEL = Model()


def scaled(c):
    return lambda x: c * x


FIRST, SECOND = (lambda x: x + 1), (lambda x: x * 3)


@numba.njit(fastmath=True)
def compiled(x):
    return x * x


def captured(x):
    return FACTOR * x + TABLE[1] + SETTINGS["a"] * SETTINGS["b"][0]


def inner_functions(x):
    scale = lambda y, k=2.0: x * y + k  # noqa: E731

    def shifted(z):
        return scale(z) + x

    def factory(c):
        def inner(y):
            return c * y

        return inner

    return shifted(3.0) + scale(1.0, k=5.0) + factory(2.0)(x) + factory(x)(x)


def mixture(x):
    half = functools.partial(add, 0.5)
    return FIRST(SECOND(x)) + scaled(3.0)(x) + MODEL.value(x) + MODEL(x) + compiled(x) + half(b=x)


def add(a, b):
    return a + b


def spread(*xs, **named):
    s = 0.0
    for x in xs:
        s += x
    return s * named.get("factor", 1.0)


def spreading(x):
    return spread(*(x, 2.0), factor=3.0) + max(x, 1, 2.0) + min(x, 0) + divmod(x, 2)[1] + int(x)


def structures(p, d):
    q = Point(p.b, d["x"])
    return q, [v * 2 for v in q], {"s": p.a * d["y"][0]}, None


@pytest.mark.parametrize(
    "case",
    [
        (captured, 2.0),
        (inner_functions, 1.5),
        (mixture, 1.2),
        (spreading, 2.7),
        (structures, Point(1.0, 2.0), {"x": 2.0, "y": np.ones(2)}),
        (MODEL.value, 1.0),
        (MODEL, 1.0),
        (functools.partial(add, 1.0), 2.0),
        (scaled(4.0), 2.0),
        (compiled, 2.0),
        (SECOND, 2.0),
    ],
    ids=lambda case: getattr(case[0], "__name__", type(case[0]).__name__),
)
def test_the_program_computes_what_the_kernel_does(case):
    compare(*case)


def test_arrays_are_hidden_parameters_and_numbers_are_guarded(monkeypatch):
    kernel = read(captured, 2.0)
    assert [capture.getter() is array for capture, array in zip(kernel.captures, (TABLE, SETTINGS["b"]), strict=True)]
    assert all(guard.holds() for guard in kernel.guards)
    monkeypatch.setitem(globals(), "FACTOR", 2.0)
    assert [guard.name for guard in kernel.guards if not guard.holds()] == ["FACTOR"]


def test_one_array_under_two_names_is_one_parameter():
    a = b = np.ones(3)

    def kernel(x):
        a[0] = x
        return b[0]

    read_once = read(kernel, 2.0)
    assert len(read_once.captures) == 1


def test_options_and_functions_are_told():
    kernel = read_kernel(compiled, [ScalarSpec("float64")])
    assert kernel.options["fastmath"]
    assert kernel.functions == (compiled.py_func,)


def test_literals_of_rules_take_the_precision_of_the_arguments():
    rule = read_rule(core.pow_.partials[0], (FLOAT32, FLOAT32, FLOAT32), "rule")
    assert [result.type for result in rule.results] == [FLOAT32]
    known = read_rule(core.pow_.partials[0], (FLOAT32, Const(1, core.INT64), FLOAT32), "rule")
    assert len(known.params) == 2


def product_rule(out, out_bar, a, a_bar, b, b_bar):
    if a_bar is not None:
        a_bar += out_bar @ b.T
    if b_bar is not None:
        b_bar += a.T @ out_bar


def test_a_rule_gets_none_for_what_is_not_active():
    matrix = Array("float64", 2)
    rule = read_rule(product_rule, (matrix, matrix, matrix, matrix, matrix, None), "rule")
    assert [param.name for param in rule.params] == ["out", "out_bar", "a", "a_bar", "b"]
    assert not rule.results


def test_a_file_that_has_changed_since_the_import_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "jitad_edited.py"
    path.write_text("def f(x):\n    return 2.0 * x\n\n\ndef g(x):\n    return (lambda y: 3.0 * y)(x)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    edited = importlib.import_module("jitad_edited")
    assert run(edited.f, 1.0) == 2.0
    path.write_text(path.read_text().replace("2.0 *", "5.0 *").replace("3.0 *", "3.0 -"))
    for function in (edited.f, edited.g):
        with pytest.raises(SourceUnavailableError, match=r"has changed since .* was defined"):
            read(function, 1.0)
    importlib.reload(edited)
    assert run(edited.f, 1.0) == 5.0
    assert run(edited.g, 1.0) == 2.0


def overloaded(x):
    return energy_of(x[0], scale=3.0) + energy_of(x) + energy_of(2.0)


def overloaded_for_others(x):
    return energy_of((x[0], 1))


def test_what_numba_compiles_for_an_overloaded_function_is_read():
    assert run(overloaded, np.array([0.5, 2.0])) == 0.75 + 8.125 + 4.0
    with pytest.raises(UnsupportedCallError, match="no implementation for"):
        read(overloaded_for_others, np.ones(2))


@jitclass([("stiffness", numba.float64), ("offsets", numba.float64[:])])
class Spring:
    def __init__(self, stiffness, offsets):
        self.stiffness = stiffness
        self.offsets = offsets

    def energy(self, x):
        return 0.5 * self.stiffness * self.moved(x) ** 2

    def moved(self, x):
        self.offsets[1] = x * x
        return self.offsets[0] + self.offsets[1]


def test_methods_and_fields_of_an_instance_of_a_jitclass_are_read():
    spring = Spring(2.0, np.array([0.5, 0.0]))

    def kernel(x):
        return spring.energy(x) + spring.stiffness

    assert [c.name for c in read(kernel, 1.5).captures] == ["self.offsets"], "one array, as often as it is asked for"
    assert run(kernel, 1.5) == (0.5 + 1.5**2) ** 2 + 2.0
