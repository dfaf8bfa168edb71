"""``vjp``: values, pullbacks, structures."""

from __future__ import annotations

import numpy as np
import pytest

import jitad


def scaled(x, k):
    return k * x * x


def test_array_result():
    x = np.array([1.0, 2.0])
    value, pullback = jitad.vjp(scaled, x, 3.0)
    assert np.array_equal(value, 3 * x * x)
    for seed in (np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([2.0, -1.0])):
        x_bar, k_bar = pullback(seed)
        assert np.array_equal(x_bar, 6 * x * seed)
        assert k_bar == np.sum(seed * x * x)


def test_compiled(compiled):
    x = np.array([1.0, 2.0])
    value, pullback = jitad.vjp(scaled, x, 3.0)
    assert np.array_equal(value, 3 * x * x)
    assert np.array_equal(pullback(x)[0], 6 * x * x)


def test_later_changes_do_not_matter():
    x = np.array([1.0, 2.0])
    value, pullback = jitad.vjp(scaled, x, 3.0)
    x[:] = 100.0
    assert np.array_equal(pullback(np.ones(2))[0], [6.0, 12.0])
    value[:] = 0.0
    assert np.array_equal(pullback(np.ones(2))[0], [6.0, 12.0])


def test_captured_arrays_are_copied_too():
    table = np.array([2.0, 3.0])

    def f(x):
        return table * x

    _, pullback = jitad.vjp(f, 2.0)
    table[:] = 0.0
    assert pullback(np.ones(2)) == (5.0,)


def test_structures():
    def f(p, flag, n):
        w, b = p["w"], p["b"]
        if flag is None:
            return {"y": w * n, "both": (b * b, n)}
        return {"y": w, "both": (b, n)}

    w = np.array([1.0, 2.0])
    value, pullback = jitad.vjp(f, {"w": w, "b": 3.0, "k": 2}, None, 2)
    assert np.array_equal(value["y"], 2 * w)
    assert value["both"] == (9.0, 2)
    p_bar, flag_bar, n_bar = pullback({"y": w, "both": (1.0, None)})
    assert np.array_equal(p_bar["w"], 2 * w)
    assert p_bar["b"] == 6.0
    assert p_bar["k"] is None
    assert flag_bar is None
    assert n_bar is None


def test_layouts_and_dtypes():
    x = np.asfortranarray(np.arange(6.0, dtype="float32").reshape(2, 3))
    value, pullback = jitad.vjp(lambda a: a * a, x)
    assert value.dtype == np.float32
    (x_bar,) = pullback(np.asfortranarray(np.ones((2, 3), "float32")))
    assert x_bar.dtype == np.float32
    assert np.array_equal(x_bar, 2 * x)
    (x_bar,) = jitad.vjp(lambda a: a * a, np.arange(6.0)[::2])[1](np.ones(3))
    assert np.array_equal(x_bar, [0.0, 4.0, 8.0])


def test_scalar_kinds():
    value, pullback = jitad.vjp(lambda x: x * x, np.float32(3.0))
    assert type(value) is np.float32
    assert type(pullback(1.0)[0]) is np.float32
    assert pullback(2) == (12.0,)


def test_no_dependence_and_no_result():
    _, pullback = jitad.vjp(lambda x, y: 2.0 * x, 1.0, np.ones(2))
    x_bar, y_bar = pullback(1.0)
    assert x_bar == 2.0
    assert np.array_equal(y_bar, np.zeros(2))
    _, pullback = jitad.vjp(lambda x: x > 0.0, 1.0)
    assert pullback(None) == (0.0,)


def test_inputs_written_by_the_kernel_stay():
    def f(x):
        x[0] = x[1] * x[1]
        return x

    x = np.array([1.0, 2.0])
    value, pullback = jitad.vjp(f, x)
    assert np.array_equal(value, [4.0, 2.0])
    assert np.array_equal(x, [1.0, 2.0])
    assert np.array_equal(pullback(np.ones(2))[0], [0.0, 5.0])


def test_user_exceptions():
    class Mine(Exception):
        pass

    def f(x):
        if x < 0:
            raise Mine("negative")
        return x

    with pytest.raises(Mine, match="negative"):
        jitad.vjp(f, -1.0)
