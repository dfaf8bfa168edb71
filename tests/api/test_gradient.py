"""``grad`` and ``value_and_grad``: what can be differentiated, and the kind of what comes back."""

from __future__ import annotations

import copy
import functools
import gc
import pickle
import threading
import weakref
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled


def square(x):
    return x * x


def weighted(x, k=2.0):
    s = 0.0
    for i in range(x.shape[0]):
        s += k * x[i] * x[i]
    return s


def total(x):
    return np.sum(x * x)


class Pair(NamedTuple):
    slope: Any
    shift: Any


def line(p, x):
    return p.slope * x + p.shift


def model(params, x):
    w, b = params["layer"]
    return np.sum(w * x) * b[0][0] + params["scale"]


@jitad.grad
def decorated(x):
    """The doc string."""
    return x * x * x


@jitad.grad(argnums=1)
def decorated_second(x, y):
    return x * y * y


def test_kinds_of_scalars_are_kept():
    for x, kind in ((3.0, float), (np.float64(3.0), float), (np.float32(3.0), np.float32)):
        gradient = jitad.grad(square)(x)
        assert type(gradient) is kind
        assert gradient == 6.0


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_array_shape_and_dtype_are_kept(dtype):
    x = np.array([[1.0, 2.0, 3.0]], dtype)
    gradient = jitad.grad(total)(x)
    assert gradient.dtype == dtype
    assert np.array_equal(gradient, 2 * x)


def _layouts() -> dict[str, np.ndarray]:
    base = np.arange(24.0).reshape(4, 6)
    readonly = np.array(base)
    readonly.flags.writeable = False
    unaligned = np.frombuffer(b"x" + base.tobytes(), dtype="u1")[1:].view("f8").reshape(4, 6)
    return {
        "C": base,
        "F": np.asfortranarray(base),
        "strided": base[::2, ::-3],
        "transposed": base[:, 1:3].T,
        "readonly": readonly,
        "unaligned": unaligned,
        "0-d": np.array(2.5),
        "empty": np.zeros((0, 3)),
        "broadcast": np.broadcast_to(np.array([1.0, 2.0]), (3, 2)),
        "one": np.array([[2.0]]),
    }


@pytest.mark.parametrize("layout", list(_layouts()))
def test_layouts(layout):
    x = _layouts()[layout]
    before = x.copy()
    gradient = jitad.grad(total)(x)
    assert gradient.shape == x.shape
    assert np.array_equal(gradient, 2 * before)
    assert np.array_equal(x, before)
    if layout == "F":
        assert gradient.flags.f_contiguous


def test_layouts_compiled(compiled):
    g = jitad.grad(total)
    for x in _layouts().values():
        assert np.array_equal(g(x), 2 * x)


def test_structures_are_kept():
    gradient = jitad.grad(line)(Pair(2.0, 1.0), 3.0)
    assert gradient == Pair(3.0, 1.0)
    assert type(gradient) is Pair
    x, w = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    value, gradient = jitad.value_and_grad(model)({"layer": (w, [np.array([2.0])]), "scale": 1.0}, x)
    assert value == 23.0
    assert list(gradient) == ["layer", "scale"]
    assert type(gradient["layer"]) is tuple
    assert type(gradient["layer"][1]) is list
    assert np.array_equal(gradient["layer"][0], 2 * x)
    assert np.array_equal(gradient["layer"][1][0], [11.0])
    assert gradient["scale"] == 1.0


def test_argnums():
    def f(x, y, z):
        return x * y * z

    assert jitad.grad(f, argnums=1)(2.0, 3.0, 5.0) == 10.0
    assert jitad.grad(f, argnums=-1)(2.0, 3.0, 5.0) == 6.0
    assert jitad.grad(f, argnums=(2, 0))(2.0, 3.0, 5.0) == (6.0, 15.0)
    assert jitad.grad(f, argnums=(1,))(2.0, 3.0, 5.0) == (10.0,)
    assert jitad.grad(f, argnums=[0, 1])(2.0, 3.0, 5.0) == (15.0, 10.0)


def test_scalars_and_arrays_together():
    g = jitad.grad(weighted, argnums=(1, 0))
    k, x = g(np.array([1.0, 2.0]), 3.0)
    assert k == 5.0
    assert np.array_equal(x, [6.0, 12.0])


def test_keywords_and_defaults():
    x = np.array([1.0, 2.0])
    assert np.array_equal(jitad.grad(weighted)(x), 4 * x)
    assert np.array_equal(jitad.grad(weighted)(x, k=3.0), 6 * x)
    assert np.array_equal(jitad.grad(weighted)(k=3.0, x=x), 6 * x)
    assert jitad.grad(weighted, argnums=1)(x, k=3.0) == 5.0
    assert jitad.grad(weighted, argnums=1)(x) == 5.0

    def keyword_only(x, *, k=2.0):
        return k * x

    assert jitad.grad(keyword_only)(1.0) == 2.0
    assert jitad.grad(keyword_only)(1.0, k=5.0) == 5.0


def test_has_aux():
    def f(x):
        return np.sum(x * x), {"double": 2 * x, "count": x.shape[0], "name": "aux"}

    x = np.array([1.0, 2.0])
    gradient, aux = jitad.grad(f, has_aux=True)(x)
    assert np.array_equal(gradient, 2 * x)
    assert np.array_equal(aux["double"], 2 * x)
    assert aux["count"] == 2
    assert type(aux["count"]) is int
    assert aux["name"] == "aux"
    (value, aux), gradient = jitad.value_and_grad(f, has_aux=True)(x)
    assert value == 5.0
    assert np.array_equal(gradient, 2 * x)


def test_decorators_keep_names():
    assert decorated(2.0) == 12.0
    assert decorated.__name__ == "decorated"
    assert decorated.__doc__ == "The doc string."
    assert decorated_second(2.0, 3.0) == 12.0


def test_derivatives_are_pickled_by_name_or_by_function():
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    assert pickle.loads(pickle.dumps(jitad.grad(square)))(3.0) == 6.0


class Model:
    def __init__(self, k):
        self.k = k

    def loss(self, x):
        return self.k * x * x

    @jitad.grad
    def slope(self, x):
        return self.k * x * x


def test_methods():
    m = Model(3.0)
    assert jitad.grad(m.loss)(2.0) == 12.0
    assert m.slope(2.0) == 12.0
    other = copy.copy(m)
    other.k = 5.0
    assert other.slope(2.0) == 20.0
    assert m.slope(2.0) == 12.0
    m.k = 7.0
    assert m.slope(2.0) == 28.0
    assert jitad.grad(m.loss)(2.0) == 28.0


def test_lambda_partial_closure_dispatcher():
    assert jitad.grad(lambda x: x * x)(3.0) == 6.0
    assert jitad.grad(functools.partial(weighted, k=3.0))(np.array([1.0]))[0] == 6.0
    assert jitad.grad(numba.njit(square))(3.0) == 6.0

    def make(k):
        def f(x):
            return k * x

        return f

    assert jitad.grad(make(2.0))(1.0) == 2.0
    assert jitad.grad(make(3.0))(1.0) == 3.0


FACTOR = 2.0
TABLE = np.array([1.0, 2.0])


def uses_globals(x):
    return FACTOR * x * TABLE[1] * TABLE.shape[0]


def test_changed_globals_are_seen(monkeypatch):
    g = jitad.grad(uses_globals)
    assert g(1.0) == 8.0
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert g(1.0) == 12.0
    TABLE[1] = 5.0
    try:
        assert g(1.0) == 30.0
    finally:
        TABLE[1] = 2.0
    monkeypatch.setitem(globals(), "TABLE", np.array([1, 4, 1], dtype="int64"))
    assert g(1.0) == 36.0


class Patched:
    def loss(self, x):
        return self.square(x)

    def square(self, x):
        return x * x


def scaled(x, k=2.0):
    return k * x * x


def cubed(x, k=2.0):
    return k * x * x * x


def calls_scaled(x):
    return scaled(x)


def test_replaced_code_defaults_and_methods_are_seen(monkeypatch):
    gradients = jitad.grad(scaled), jitad.grad(calls_scaled)
    assert [g(3.0) for g in gradients] == [12.0, 12.0]
    monkeypatch.setattr(scaled, "__defaults__", (5.0,))
    assert [g(3.0) for g in gradients] == [30.0, 30.0]
    monkeypatch.setattr(scaled, "__code__", cubed.__code__)
    assert [g(3.0) for g in gradients] == [135.0, 135.0]
    patched = Patched()
    slope = jitad.grad(patched.loss)
    assert slope(3.0) == 6.0
    monkeypatch.setattr(Patched, "square", lambda self, x: 5.0 * x)
    assert slope(3.0) == 5.0
    monkeypatch.setattr(patched, "square", lambda x: 7.0 * x, raising=False)
    assert slope(3.0) == 7.0


def test_arguments_are_not_changed():
    def overwrite(x):
        for i in range(1, x.shape[0]):
            x[i] = x[i] * x[i - 1]
        return x[x.shape[0] - 1]

    x = np.array([1.0, 2.0, 3.0])
    assert np.array_equal(jitad.grad(overwrite)(x), [6.0, 3.0, 2.0])
    assert np.array_equal(x, [1.0, 2.0, 3.0])


def test_tables_are_shared_and_go_with_the_function():
    def f(x):
        return x * x

    assert jitad.grad(f)._table is jitad.grad(f)._table
    assert jitad.grad(f, argnums=(0,))._table is not jitad.grad(f)._table

    @functools.wraps(f)
    def g(x):
        return x * x * x

    assert jitad.grad(f)(2.0) == 4.0
    assert jitad.grad(g)(2.0) == 12.0
    seen = weakref.ref(f)
    del f, g
    gc.collect()
    assert seen() is None


def test_tape_grows(compiled):
    def grow(x, n):
        for _ in range(n):
            x = np.sin(x)
        return x

    n = 300_000
    x, product = 0.5, 1.0
    for _ in range(n):
        product *= np.cos(x)
        x = np.sin(x)
    value, gradient = jitad.value_and_grad(grow)(0.5, n)
    assert value == pytest.approx(x, rel=1e-9)
    assert gradient == pytest.approx(product, rel=1e-9)


def test_tape_grows_and_arrays_start_from_zero_again(compiled):
    def grow(x, n):
        for _ in range(n):
            for i in range(x.shape[0]):
                x[i] = np.sin(x[i])
        return x[0] + x[1]

    x = np.array([0.5, 0.7])
    short = jitad.grad(grow)(x, 10)
    jitad.grad(grow)(x, 200_000)
    assert np.array_equal(jitad.grad(grow)(x, 10), short)


def test_threads(compiled):
    g = jitad.grad(weighted)
    wrong = []

    def work(seed):
        x = np.full(500, float(seed))
        for _ in range(50):
            if not np.array_equal(g(x), 4 * x):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_uncompiled_and_compiled_agree(compiled):
    x = np.array([1.0, 2.0])
    assert np.array_equal(jitad.grad(weighted)(x), 4 * x)
    assert jitad.grad(weighted)._table.entries


def test_division_by_zero_is_infinite_compiled_and_uncompiled() -> None:
    def quotient(x, y, n):
        return x / y + 1 // n

    expected = (np.inf, np.inf)
    assert jitad.value_and_grad(quotient)(1.0, 0.0, 0) == expected
    with uncompiled():
        assert jitad.value_and_grad(quotient)(1.0, 0.0, 0) == expected
