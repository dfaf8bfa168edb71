"""What users see when a kernel can't be differentiated, or fails while it runs: the same compiled and uncompiled."""

from __future__ import annotations

import statistics
import time

import numpy as np
import pytest
from numba.extending import intrinsic
from scipy import special

import jitad
import jitad.errors
from jitad.api.mode import compiling, uncompiled


class UsersError(ValueError):
    pass


@pytest.fixture(params=["uncompiled", "compiled"], autouse=True)
def _both(request, run_uncompiled):
    with compiling() if request.param == "compiled" else uncompiled():
        yield


def zipf(x):
    return 2.0 * special.zeta(x, 1.0)


@intrinsic
def response(typing_context, x):
    return x(x), lambda context, builder, signature, args: builder.fadd(args[0], args[0])


def responding(x, y):
    return x * np.hypot(y, response(x))


def averaged(x):
    return x * statistics.mean((x, x))


def timed(x):
    return x * time.time()


def added(x, y):
    return np.sum(x + y)


def indexed(x, i):
    return 2.0 * x[i]


def stored(x, i):
    x[i] = 3.0
    return x[0]


def gathered(x, i):
    return np.sum(2.0 * x[i])


ONES = np.ones(3)


@pytest.mark.parametrize(
    ("kernel", "args", "error", "builtin", "marked", "reason"),
    [
        (zipf, (2.0,), jitad.UnsupportedCallError, TypeError, "special.zeta(x, 1.0)", "no rule for 'special.zeta'"),
        (
            responding,
            (2.0, 1.0),
            jitad.MissingRuleError,
            NotImplementedError,
            "response(x)",
            "response has no derivative rule for argument 0",
        ),
        (
            averaged,
            (2.0,),
            jitad.UnsupportedCallError,
            TypeError,
            "statistics.mean((x, x))",
            "no rule for 'statistics.",
        ),
        (timed, (2.0,), jitad.UnsupportedCallError, TypeError, "time.time()", "doesn't follow from its arguments"),
        (added, (ONES, np.ones(4)), jitad.ShapeMismatchError, ValueError, "x + y", "don't fit together"),
    ],
)
def test_the_users_line_is_shown(kernel, args, error, builtin, marked, reason):
    with pytest.raises(error) as caught:
        jitad.grad(kernel)(*args)
    assert isinstance(caught.value, jitad.JitadError)
    assert isinstance(caught.value, builtin)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    lines = str(caught.value).splitlines()
    assert reason in lines[0]
    origin = caught.value.origin
    line = kernel.__code__.co_firstlineno + 1
    assert lines[1] == f'  File "{__file__}", line {line}, column {origin.column + 1}'
    assert lines[3].count("^") == len(marked)
    at = lines[3].index("^")
    assert lines[2][at : at + len(marked)] == marked
    assert lines[4].startswith("What to do: ")


@pytest.mark.parametrize(("kernel", "index"), [(indexed, 3), (indexed, -4), (stored, 9), (gathered, np.array([0, 7]))])
def test_index_out_of_range(kernel, index, monkeypatch):
    monkeypatch.setenv("JITAD_BOUNDSCHECK", "1")
    with pytest.raises(jitad.IndexOutOfRangeError, match="the index is outside the array") as caught:
        jitad.grad(kernel)(ONES, index)
    assert isinstance(caught.value, IndexError)
    assert "x[i]" in str(caught.value)
    assert f'File "{__file__}", line {caught.value.origin.line}, column' in str(caught.value)
    inside = np.array([0, 2]) if kernel is gathered else -3
    assert jitad.grad(kernel)(ONES, inside).shape == (3,)
    assert np.array_equal(ONES, np.ones(3))


def test_the_users_exceptions_come_through():
    class Local(Exception):
        pass

    def known(x):
        if x > 1.0:
            raise ValueError("x is too large")
        return x * x

    def users(x):
        if x > 1.0:
            raise UsersError("x is too large", 3)
        return x * x

    def local(x):
        if x > 1.0:
            raise Local
        return x * x

    def asserted(x):
        assert x <= 1.0, "x is too large"
        return x * x

    for kernel, kind, args in (
        (known, ValueError, ("x is too large",)),
        (users, UsersError, ("x is too large", 3)),
        (local, Local, ()),
        (asserted, AssertionError, ("x is too large",)),
    ):
        gradient = jitad.grad(kernel)
        assert gradient(0.5) == 1.0
        for _ in range(2):
            with pytest.raises(kind) as caught:
                gradient(2.0)
            assert type(caught.value) is kind
            assert caught.value.args == args
        assert gradient(0.5) == 1.0


def test_every_class_is_exported_and_also_a_builtin():
    classes = [c for c in vars(jitad.errors).values() if isinstance(c, type) and issubclass(c, jitad.JitadError)]
    assert len(classes) == 20
    for cls in classes:
        assert getattr(jitad, cls.__name__) is cls
        assert cls is jitad.JitadError or any(base.__module__ == "builtins" for base in cls.__bases__)
