"""Batches on CUDA: chunks, tapes, sums, arrays on the device, and errors."""

from __future__ import annotations

import numpy as np
import pytest

import jitad

pytest.importorskip("numba_cuda", reason="needs jitad[cuda]")
from jitad.cuda import job
from tests.cuda.exporters import Exported, Interfaced


def loss(weights, x):
    t = 0.0
    for i in range(x.shape[0]):
        t = np.sin(t + weights[i] * x[i]) + x[i] ** 2
    return t


def powers(x, n):
    if n < 0:
        raise ValueError("n is negative")
    for _ in range(n):
        x = x * np.sin(x)
    return x


def rows_of(x, n):
    return x[:n] * 2.0, np.sum(x)


@pytest.fixture
def samples():
    random = np.random.default_rng(5)
    return random.normal(size=3), random.normal(size=(7, 3))


def test_gradients_by_what_is_shared_are_summed(samples):
    weights, xs = samples
    derivative = jitad.value_and_grad(loss, argnums=(0, 1))
    values, (by_weights, by_x) = jitad.batch(derivative, in_axes=(None, 0), target="cuda")(weights, xs)
    expected = [derivative(weights, x) for x in xs]
    np.testing.assert_allclose(values, [value for value, _ in expected], rtol=1e-13)
    np.testing.assert_allclose(by_weights, sum(by for _, (by, _) in expected), rtol=1e-12)
    np.testing.assert_allclose(by_x, [by for _, (_, by) in expected], rtol=1e-13)
    each = jitad.batch(derivative, in_axes=(None, 0), target="cuda", shared="each")(weights, xs)
    np.testing.assert_allclose(each[1][0], [by for _, (by, _) in expected], rtol=1e-13)


def scaled_sum(scale, x):
    return scale * np.sum(x * x)


def test_sums_by_numbers_are_numbers(samples):
    _, xs = samples
    by_scale = jitad.batch(jitad.grad(scaled_sum), in_axes=(None, 0), target="cuda")(2.0, xs)
    assert isinstance(by_scale, float)
    assert by_scale == pytest.approx(np.sum(xs * xs), rel=1e-13)


@pytest.mark.parametrize("count", [1, 5, 9])
def test_chunks_and_blocks_add_up(samples, monkeypatch, count):
    monkeypatch.setattr(job, "SUM_BLOCK", 2)
    monkeypatch.setattr(job, "MOST_SAMPLES", 4)
    weights = samples[0]
    xs = np.random.default_rng(1).normal(size=(count, 3))
    derivative = jitad.value_and_grad(loss)
    values, by_weights = jitad.batch(derivative, in_axes=(None, 0), target="cuda")(weights, xs)
    expected = [derivative(weights, x) for x in xs]
    np.testing.assert_allclose(values, [value for value, _ in expected], rtol=1e-13)
    np.testing.assert_allclose(by_weights, sum(by for _, by in expected), rtol=1e-12)


def test_a_chunk_with_a_short_tape_runs_again(monkeypatch):
    monkeypatch.setattr(job, "MOST_SAMPLES", 2)
    ns = np.array([3, 4, 700, 2, 1500])
    xs = np.linspace(0.5, 1.5, 5)
    derivative = jitad.value_and_grad(powers)
    batch = jitad.batch(derivative, target="cuda")
    for _ in range(2):
        values, gradients = batch(xs, ns)
        for x, n, value, gradient in zip(xs, ns, values, gradients, strict=True):
            assert derivative(x, int(n)) == pytest.approx((value, gradient), rel=1e-12, abs=1e-300)


def test_what_a_sample_raises_names_it_and_the_next_call_works(monkeypatch):
    monkeypatch.setattr(job, "MOST_SAMPLES", 2)
    batch = jitad.batch(jitad.grad(powers), target="cuda")
    xs = np.linspace(0.5, 1.5, 5)
    with pytest.raises(ValueError, match="n is negative") as caught:
        batch(xs, np.array([1, 2, 3, -1, -2]))
    assert caught.value.__notes__ == ["This is sample 3 of a batch of 5."]
    assert len(batch(xs, np.arange(5))) == 5


def product(a, b):
    return a @ b


def test_matrices_that_do_not_fit():
    batch = jitad.batch(product, in_axes=(0, None), target="cuda")
    a = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_allclose(batch(a, np.eye(4)), a)
    with pytest.raises(jitad.ShapeMismatchError, match="don't fit together"):
        batch(a, np.eye(3))


def test_array_results():
    xs = np.arange(12.0).reshape(4, 3)
    doubled, sums = jitad.batch(rows_of, in_axes=(0, None), out_axes=(1, 0), target="cuda")(xs, 2)
    np.testing.assert_array_equal(doubled, 2.0 * xs[:, :2].T)
    np.testing.assert_array_equal(sums, xs.sum(axis=1))
    with pytest.raises(jitad.ShapeMismatchError, match=r"shape \(1,\) for sample 2, and of shape \(2,\) for sample 0"):
        jitad.batch(rows_of, target="cuda")(xs, np.array([2, 2, 1, 2]))


def vector(x):
    return np.array([x[0] * x[1], np.exp(x[2]), x[0] ** 3])


def test_jacobians_and_hessians(samples):
    _, xs = samples
    found = jitad.batch(jitad.jacobian(vector), target="cuda")(xs)
    np.testing.assert_allclose(found, [jitad.jacobian(vector)(x) for x in xs], rtol=1e-13)
    found = jitad.batch(jitad.hessian(loss, argnums=1), in_axes=(None, 0), target="cuda")(samples[0], xs)
    np.testing.assert_allclose(found, [jitad.hessian(loss, argnums=1)(samples[0], x) for x in xs], rtol=1e-12)


def along(x, v):
    return jitad.jvp(vector, (x,), (v,))[1]


def test_directional_derivatives(samples):
    _, xs = samples
    found = jitad.batch(along, in_axes=(0, None), target="cuda")(xs, np.ones(3))
    np.testing.assert_allclose(found, [jitad.jvp(vector, (x,), (np.ones(3),))[1] for x in xs], rtol=1e-13)


def modulus(z, w):
    return abs(np.sum(z * w)) ** 2


def test_complex_numbers():
    random = np.random.default_rng(2)
    zs, w = random.normal(size=(4, 3)) + 1j * random.normal(size=(4, 3)), np.array([1.0, 1j, 2.0])
    found = jitad.batch(jitad.grad(modulus), in_axes=(0, None), target="cuda")(zs, w)
    np.testing.assert_allclose(found, [jitad.grad(modulus)(z, w) for z in zs], rtol=1e-12)


# Arrays on the device


def host(array):
    return array.copy_to_host()


def test_results_stay_where_the_inputs_are(samples):
    from numba import cuda

    weights, xs = samples
    batch = jitad.batch(jitad.value_and_grad(loss, argnums=(0, 1)), in_axes=(None, 0), target="cuda")
    expected = batch(weights, xs)
    values, (by_weights, by_x) = batch(weights, cuda.to_device(xs))
    for actual, right in zip((values, by_weights, by_x), (expected[0], *expected[1]), strict=True):
        assert not isinstance(actual, np.ndarray)
        np.testing.assert_array_equal(host(actual), right)


def test_samples_along_any_axis_of_a_device_array(samples):
    from numba import cuda

    weights, xs = samples
    expected = jitad.batch(jitad.grad(loss, argnums=1), in_axes=(None, 0), target="cuda")(weights, xs)
    batch = jitad.batch(jitad.grad(loss, argnums=1), in_axes=(None, 1), out_axes=1, target="cuda")
    np.testing.assert_array_equal(host(batch(weights, cuda.to_device(np.ascontiguousarray(xs.T)))), expected.T)
    matrices = np.random.default_rng(0).normal(size=(5, 2, 2))
    moved = cuda.to_device(np.ascontiguousarray(np.moveaxis(matrices, 0, -1)))
    batch = jitad.batch(product, in_axes=(2, None), target="cuda")
    np.testing.assert_allclose(host(batch(moved, np.eye(2))), matrices)


def test_device_arrays_in_another_order():
    from numba import cuda

    matrices = np.random.default_rng(1).normal(size=(5, 4, 6))
    batch = jitad.batch(product, in_axes=(0, None), target="cuda")
    for seen in (matrices[:, ::2], matrices.transpose(0, 2, 1), matrices[::-1, ::-1, 1:], matrices[:, :, :1]):
        weights = np.random.default_rng(2).normal(size=(3, seen.shape[2])).T
        found = batch(like(seen), like(weights))
        assert not isinstance(found, np.ndarray)
        np.testing.assert_allclose(host(found), seen @ weights, rtol=1e-13)
    found = jitad.batch(product, in_axes=(2, None), target="cuda")(like(matrices.transpose(1, 2, 0)), np.eye(6))
    np.testing.assert_allclose(host(found), matrices, rtol=1e-13)
    empty = cuda.to_device(np.empty((3, 0, 2)))
    assert host(batch(empty, np.eye(2))).shape == (3, 0, 2)


def like(array):
    """An array on the device with the strides of one on the host."""
    from numba import cuda

    from jitad.cuda.arrays import reinterpreted

    base = array if array.base is None else array.base
    start = (array.ctypes.data - base.ctypes.data) // array.itemsize
    whole = cuda.to_device(np.ascontiguousarray(base).reshape(-1))
    return reinterpreted(whole, array.shape, array.strides, array.dtype, -start)


def spun(z, w):
    return z * w, np.sum(w) * z


def test_complex_results_on_the_device():
    from numba import cuda

    random = np.random.default_rng(2)
    zs, w = random.normal(size=6) + 1j * random.normal(size=6), np.array([1.0, 1j, 2.0])
    for z in (zs, zs.astype(np.complex64)):
        products, sums = jitad.batch(spun, in_axes=(0, None), target="cuda")(cuda.to_device(z), w)
        expected = [spun(one, w) for one in z]
        np.testing.assert_allclose(host(products), [one for one, _ in expected], rtol=1e-6)
        np.testing.assert_allclose(host(sums), [one for _, one in expected], rtol=1e-6)
    pairs = zs.reshape(3, 2)
    derivative = jitad.grad(modulus, argnums=(0, 1))
    by_z, by_w = jitad.batch(derivative, in_axes=(0, None), target="cuda")(cuda.to_device(pairs), w[:2])
    np.testing.assert_allclose(host(by_z), [derivative(z, w[:2])[0] for z in pairs], rtol=1e-12)
    np.testing.assert_allclose(host(by_w), sum(derivative(z, w[:2])[1] for z in pairs), rtol=1e-12)


def test_jacobians_on_the_device(samples):
    from numba import cuda

    _, xs = samples
    found = jitad.batch(jitad.jacobian(vector), target="cuda")(cuda.to_device(xs))
    np.testing.assert_allclose(host(found), [jitad.jacobian(vector)(x) for x in xs], rtol=1e-13)


def test_arrays_of_other_packages(samples, monkeypatch):
    from types import SimpleNamespace

    from numba import cuda

    from jitad.cuda import arrays
    from jitad.cuda.target import is_simulated

    if not is_simulated():
        pytest.skip("the arrays of tests are in the host's memory")

    def view(interface, owner, sync=True):
        plain = SimpleNamespace(__array_interface__={**interface, "version": 3}, owner=owner)
        return type(cuda.to_device(np.ones(1)))(np.asarray(plain))

    monkeypatch.setattr(arrays.cuda, "from_cuda_array_interface", view, raising=False)
    weights, xs = samples
    batch = jitad.batch(jitad.grad(loss, argnums=(0, 1)), in_axes=(None, 0), target="cuda")
    exported = Exported(weights), Exported(xs, versioned=False)
    for w, x in (exported, (Interfaced(weights), Interfaced(xs)), (Exported(weights[::-1]), Interfaced(xs[:, ::-1]))):
        for found, expected in zip(batch(w, x), batch(w.array, x.array), strict=True):
            np.testing.assert_array_equal(host(found), expected)
    assert [len(array.asked) for array in exported] == [1, 1]
    assert [array.live for array in exported] == [0, 0]
    with pytest.raises(jitad.ArgumentError, match=r"argument 1, an array of .* on the device, holds no sample"):
        batch(weights, Interfaced(xs[:0]))
    with pytest.raises(jitad.ArgumentError, match="argument 1"):
        batch(weights, Interfaced(xs.astype(np.float16)))
    with pytest.raises(jitad.ArgumentError, match="argument 1"):
        batch(weights, Interfaced(xs.astype(">f8")))


def in_place(x, y):
    x[0] = y[1] * x[1]
    return np.sum(x * y)


def test_shared_memory_on_the_device():
    from numba import cuda

    whole = cuda.to_device(np.arange(12.0).reshape(4, 3))
    batch = jitad.batch(in_place, target="cuda")
    with pytest.raises(jitad.SharedMemoryError, match="'x' and 'y' share memory"):
        batch(whole[:3], whole[1:])
    before = np.arange(12.0).reshape(4, 3)
    found = host(batch(whole[:2], whole[2:]))
    np.testing.assert_allclose(found, [in_place(x.copy(), y) for x, y in zip(before[:2], before[2:], strict=True)])
    np.testing.assert_array_equal(host(whole), before)


def test_a_stream(samples):
    from numba import cuda

    weights, xs = samples
    stream = cuda.stream()
    found = jitad.batch(jitad.grad(loss), in_axes=(None, 0), target="cuda", stream=stream)(weights, xs)
    np.testing.assert_array_equal(found, jitad.batch(jitad.grad(loss), in_axes=(None, 0), target="cuda")(weights, xs))


# What can't be done


def test_options_of_the_other_target():
    with pytest.raises(jitad.ArgumentError, match="threads=2 says nothing about target='cuda'"):
        jitad.batch(loss, target="cuda", threads=2)
    with pytest.raises(jitad.ArgumentError, match="stream='s' says nothing about target='cpu'"):
        jitad.batch(loss, stream="s")
    with pytest.raises(jitad.ArgumentError, match=r"stream='s' isn't a stream of Numba's[\s\S]*external_stream"):
        jitad.batch(loss, target="cuda", stream="s")


def test_no_sample_at_all(samples):
    with pytest.raises(jitad.ArgumentError, match="holds no sample"):
        jitad.batch(loss, in_axes=(None, 0), target="cuda")(samples[0], np.empty((0, 3)))


def test_no_memory_for_a_tape(samples, monkeypatch):
    from types import SimpleNamespace

    from numba import cuda

    weights, xs = samples
    batch = jitad.batch(jitad.grad(loss), in_axes=(None, 0), target="cuda")
    context = SimpleNamespace(get_memory_info=lambda: (100, 100))
    with monkeypatch.context() as patched:
        patched.setattr(cuda, "current_context", lambda: context)
        with pytest.raises(jitad.TapeOverflowError, match="more than the device gives"):
            batch(weights, xs)
    batch(weights, xs)


def test_chunks_smaller_than_a_block_of_a_sum(samples, monkeypatch):
    from types import SimpleNamespace

    from numba import cuda

    weights, _ = samples
    xs = np.random.default_rng(7).normal(size=(11, 3))
    context = SimpleNamespace(get_memory_info=lambda: (20_000, 20_000))
    monkeypatch.setattr(cuda, "current_context", lambda: context)
    found = jitad.batch(jitad.grad(loss), in_axes=(None, 0), target="cuda")(weights, xs)
    np.testing.assert_allclose(found, sum(jitad.grad(loss)(weights, x) for x in xs), rtol=1e-12)


def test_chunks_of_large_samples(monkeypatch):
    from types import SimpleNamespace

    from numba import cuda

    copied, to_device = [], cuda.to_device

    def noting(array, **options):
        copied.append(array.nbytes)
        return to_device(array, **options)

    xs = np.random.default_rng(7).normal(size=(23, 100))
    context = SimpleNamespace(get_memory_info=lambda: (20_000, 20_000))
    with monkeypatch.context() as patched:
        patched.setattr(cuda, "current_context", lambda: context)
        patched.setattr(cuda, "to_device", noting)
        found = jitad.batch(jitad.grad(sum_of_cubes), target="cuda")(xs)
    np.testing.assert_allclose(found, 3.0 * xs**2, rtol=1e-13)
    assert sum(copied) == xs.nbytes
    assert max(copied) < 10_000


def sum_of_cubes(x):
    t = 0.0
    for i in range(x.shape[0]):
        t += x[i] ** 3
    return t


def test_memory_that_runs_out(samples, monkeypatch):
    from numba import cuda

    def full(*args, **kwargs):
        raise RuntimeError("[2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY")

    weights, xs = samples
    batch = jitad.batch(jitad.grad(loss), in_axes=(None, 0), target="cuda")
    with monkeypatch.context() as patched:
        patched.setattr(cuda, "device_array", full)
        with pytest.raises(jitad.TapeOverflowError, match="no memory left for a batch of 7 samples"):
            batch(weights, xs)
    batch(weights, xs)


def noisy(x):
    return x * np.random.normal()  # noqa: NPY002


def test_random_numbers_are_refused():
    with pytest.raises(jitad.UnsupportedCallError, match="draws random numbers"):
        jitad.batch(jitad.grad(noisy), target="cuda")(np.ones(3))
