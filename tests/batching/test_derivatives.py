"""Batches of derivatives: for each sample what the derivative function gives for it alone."""

from __future__ import annotations

import numpy as np
import pytest
from numba import prange

import jitad
from jitad.errors import ShapeMismatchError, SharedMemoryError, UnsupportedCallError

X = np.linspace(0.1, 1.2, 12).reshape(3, 4)
W = np.linspace(1.0, 2.0, 4)


def loss(w, x, k):
    s = 0.0
    for i in range(x.size):
        s = np.sin(s + w[i] * x[i]) * k
    return s


def test_gradients_by_samples():
    k = np.array([1.0, 2.0, 3.0])
    batched = jitad.batch(jitad.value_and_grad(loss, argnums=(1, 2)), in_axes=(None, 0, 0))
    value, (by_x, by_k) = batched(W, X, k)
    for i in range(3):
        one, (one_by_x, one_by_k) = jitad.value_and_grad(loss, argnums=(1, 2))(W, X[i], k[i])
        assert (value[i], by_k[i]) == (one, one_by_k)
        np.testing.assert_array_equal(by_x[i], one_by_x)


def test_gradients_by_what_is_shared():
    df, k = jitad.grad(loss, argnums=(0, 2)), 2.0
    each = [df(W, x, k) for x in X]
    by_w, by_k = jitad.batch(df, in_axes=(None, 0, None))(W, X, k)
    np.testing.assert_allclose(by_w, sum(one for one, _ in each), rtol=1e-15)
    assert type(by_k) is float
    assert by_k == pytest.approx(sum(one for _, one in each), rel=1e-15)
    by_w, by_k = jitad.batch(df, in_axes=(None, 0, None), shared="each")(W, X, k)
    np.testing.assert_array_equal(by_w, [one for one, _ in each])
    np.testing.assert_array_equal(by_k, [one for _, one in each])


def test_sums_keep_structure_shape_and_dtype():
    def kernel(p, x):
        return np.sum(p["w"] @ x) * p["k"] + abs(p["z"] * x[0]) ** 2 + p["m"][()]

    params = {"w": np.ones((2, 4), np.float32, order="F"), "k": 3.0, "z": 1 + 2j, "m": np.array(2.0)}
    df = jitad.grad(kernel)
    found = jitad.batch(df, in_axes=(None, 0))(params, X)
    each = [df(params, x) for x in X]
    assert found["w"].dtype == np.float32
    np.testing.assert_allclose(found["w"], sum(one["w"] for one in each), rtol=1e-6)
    assert found["k"] == pytest.approx(sum(one["k"] for one in each))
    assert found["z"] == pytest.approx(sum(one["z"] for one in each))
    assert found["m"].shape == ()
    assert found["m"] == 3.0
    found = jitad.batch(df, in_axes=(None, 0), shared="each")(params, X)
    np.testing.assert_array_equal(found["w"], [one["w"] for one in each])
    np.testing.assert_array_equal(found["z"], [one["z"] for one in each])
    np.testing.assert_array_equal(found["m"], np.ones(3))


def test_has_aux():
    def kernel(x):
        return np.sum(x**2), (x[0], None)

    gradient, aux = jitad.batch(jitad.grad(kernel, has_aux=True))(X)
    np.testing.assert_allclose(gradient, 2 * X)
    np.testing.assert_array_equal(aux[0], X[:, 0])
    assert aux[1] is None


@pytest.mark.parametrize("make", [jitad.jacfwd, jitad.jacrev, jitad.jacobian, jitad.value_and_jacobian, jitad.hessian])
def test_jacobians(make):
    def kernel(x, k):
        return np.sum(np.sin(k * x))

    def pair(x, k):
        return k * x[:2] * x[2], x[0] * x[1]

    of = kernel if make is jitad.hessian else pair
    df = make(of, argnums=(0, 1))
    k = np.array([1.0, 2.0, 3.0])
    found = jitad.batch(df)(X, k)
    each = [df(x, n) for x, n in zip(X, k, strict=True)]
    flat_found, flat_each = flat(found), [flat(one) for one in each]
    assert len(flat_found) == len(flat_each[0])
    for at, one in enumerate(flat_found):
        np.testing.assert_allclose(one, [other[at] for other in flat_each], rtol=1e-14)


def flat(tree):
    return [leaf for item in tree for leaf in flat(item)] if isinstance(tree, tuple) else [tree]


def test_derivatives_inside_the_kernel():
    def square(x):
        return np.sum(x**2)

    def along(x, v):
        return jitad.jvp(square, (x,), (v,)), jitad.hvp(square, (x,), v)

    (value, slope), product = jitad.batch(along)(X, X + 1)
    np.testing.assert_allclose(value, np.sum(X**2, axis=1))
    np.testing.assert_allclose(slope, np.sum(2 * X * (X + 1), axis=1))
    np.testing.assert_allclose(product, 2 * (X + 1))


def test_a_custom_rule_and_a_primitive():
    @jitad.custom_vjp
    def steep(x):
        return x

    steep.defvjp(lambda x: (x, None), lambda _, y_bar: (10.0 * y_bar,))
    np.testing.assert_array_equal(jitad.batch(jitad.grad(steep))(np.arange(3.0)), [10.0, 10.0, 10.0])
    np.testing.assert_allclose(jitad.batch(jitad.grad(np.sin))(X[0]), np.cos(X[0]))


def test_methods_and_decorators():
    class Model:
        def __init__(self, weights):
            self.weights = weights

        def energy(self, x):
            return np.sum(self.weights * x * x)

    np.testing.assert_allclose(jitad.batch(jitad.grad(Model(W).energy))(X), 2 * W * X)

    @jitad.batch(in_axes=1)
    @jitad.grad
    def slope(x):
        return np.sum(x**2)

    np.testing.assert_allclose(slope(X.T), 2 * X)
    assert repr(slope) == "<batch of <gradient of slope by argument 0>>"


def test_updates_in_place_stay_within_a_sample():
    def kernel(x, w):
        w[:] = w * x
        x[0] = 0.0
        return np.sum(w) + np.sum(x)

    x, w = X.copy(), W.copy()
    by_x, by_w = jitad.batch(jitad.grad(kernel, argnums=(0, 1)), in_axes=(0, None))(x, w)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(w, W)
    np.testing.assert_allclose(by_x, np.tile(W + np.array([0.0, 1.0, 1.0, 1.0]), (3, 1)))
    np.testing.assert_allclose(by_w, X.sum(axis=0))
    with pytest.raises(SharedMemoryError, match="The arrays 'x' and 'w' share memory"):
        jitad.batch(jitad.grad(kernel))(x, x)
    with pytest.raises(SharedMemoryError, match="The arrays 'x' and 'w' share memory"):
        jitad.batch(jitad.grad(kernel), in_axes=(0, None))(x, x[1])


def test_results_of_shapes_that_depend_on_values():
    chosen = jitad.batch(lambda x: x[x > 0.5])
    twos = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 0.0]])
    np.testing.assert_array_equal(chosen(twos), [[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(chosen(np.eye(2, 3)), [[1.0], [1.0]])
    with pytest.raises(ShapeMismatchError, match=r"shape \(1,\) for sample 1, and of shape \(2,\) for sample 0"):
        chosen(twos - np.array([[0.0], [3.0]]))
    np.testing.assert_array_equal(chosen(twos), [[1.0, 2.0], [3.0, 4.0]])


def test_refused_kernels():
    with pytest.raises(UnsupportedCallError, match="'noisy' draws random numbers"):
        jitad.batch(noisy)(X)
    with pytest.raises(jitad.ArgumentError, match="'filling' returns no number and no array"):
        jitad.batch(filling, in_axes=(0, 0))(X, X.copy())
    square = jitad.batch(lambda x: x * x)
    for wrong in (square, jitad.vjp(np.sum, X)[1]):
        with pytest.raises(UnsupportedCallError, match="can't be read as a kernel"):
            jitad.batch(wrong)(X)
    with pytest.raises(UnsupportedCallError, match="can't be read as a kernel"):
        jitad.grad(square)(X)
    with pytest.raises(UnsupportedCallError, match="'square' can't be called in a kernel"):
        jitad.grad(lambda x: np.sum(square(x)))(X)


def noisy(x):
    return x * np.random.normal()  # noqa: NPY002


def filling(x, out):
    out[:] = x


def over_prange(x, w):
    total = 0.0
    for i in prange(x.shape[0]):
        powers = np.empty(3)
        for k in range(3):
            powers[k] = np.sin(x[i] * w[k])
        total += np.sum(powers * powers)
    return total


def test_loops_over_prange_are_serial_in_batches():
    df = jitad.grad(over_prange, argnums=(0, 1))
    by_x, by_w = jitad.batch(df, in_axes=(0, None))(X, W)
    each = [df(x, W) for x in X]
    np.testing.assert_allclose(by_x, [one for one, _ in each], rtol=1e-14)
    np.testing.assert_allclose(by_w, sum(one for _, one in each), rtol=1e-14)
